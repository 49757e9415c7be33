import Foundation

/// The two streams of a command: standard output carries the result, standard error the log.
enum Terminal {
    static let ink = Ink.standardOutput
    static let logInk = Ink.standardError

    /// Whether somebody can be asked.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    static func output(_ line: String) { write(line + "\n", to: .standardOutput) }

    static func log(_ line: String) { write(line + "\n", to: .standardError) }

    static func error(_ message: String) { log("plumbline: \(logInk.red("error:")) \(message)") }

    static func warning(_ message: String) {
        log("plumbline: \(logInk.yellow("warning:")) \(message)")
    }

    /// Asks on the terminal; answers nothing at the end of input.
    static func ask(_ question: String) -> String? {
        write(question, to: .standardError)
        return readLine(strippingNewline: true)
    }

    /// A reader that went away is not an error of ours.
    private static func write(_ text: String, to handle: FileHandle) {
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
