import Foundation
import Logging
import Planning
import Synchronization

/// The two streams of a command: standard output carries the result, standard error the log.
enum Terminal {
    static let ink = Ink.standardOutput
    static let logInk = Ink.standardError

    /// Whether somebody can be asked.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    static func output(_ line: String) { write((line + "\n").utf8, to: .standardOutput) }

    /// Bytes as they are.
    static func output(_ bytes: [UInt8]) { write(bytes, to: .standardOutput) }

    /// Lines whose styles become colours where the output is a terminal.
    static func output(_ lines: [StyledLine]) {
        for line in lines {
            let text = line.text.printable
            switch line.style {
            case .plain: output(text)
            case .heading: output(ink.bold(text))
            case .added: output(ink.green(text))
            case .changed, .warning: output(ink.yellow(text))
            case .removed: output(ink.red(text))
            }
        }
    }

    static func log(_ line: String) { write((line + "\n").utf8, to: .standardError) }

    static func error(_ message: String) { log("plumbline: \(logInk.red("error:")) \(message)") }

    static func warning(_ message: String) {
        log("plumbline: \(logInk.yellow("warning:")) \(message)")
    }

    /// Asks on the terminal; answers nothing at the end of input.
    static func ask(_ question: String) -> String? {
        write(question.utf8, to: .standardError)
        return readLine(strippingNewline: true)
    }

    /// What adapters have to say; results have standard output for themselves.
    static func logger(_ label: String, from level: Logger.Level = .warning) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }

    /// Why not all of the output could be written, if so; a rollout goes on all the same.
    static var failure: String? { lost.withLock { $0 } }

    private static let lost = Mutex<String?>(nil)

    /// A reader that went away is not an error of ours; a full disk is.
    private static func write(_ bytes: some Sequence<UInt8>, to handle: FileHandle) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes {
                Foundation.write(handle.fileDescriptor, $0.baseAddress, $0.count)
            }
            guard written > 0 else {
                let code = errno
                if written < 0, code == EINTR { continue }
                if code != EPIPE { lost.withLock { $0 = String(cString: strerror(code)) } }
                return
            }
            rest = rest.dropFirst(written)
        }
    }
}
