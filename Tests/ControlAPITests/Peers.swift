import Foundation
import Testing

/// Programs that we did not write, and that judge what the API says.
enum Peers {
    static let promtool = "/usr/bin/promtool"

    static var hasPromtool: Bool { FileManager.default.isExecutableFile(atPath: promtool) }

    static let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    /// Absent on a laptop is a skip; absent in CI is a failure.
    static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

    static let advice: Comment = "schemathesis is not here; run .ci/setup"

    /// In the virtual environment of `.ci/setup`, or beside the Python of `PLUMBLINE_PYTHON`.
    static func python(_ program: String) -> String? {
        let named = ProcessInfo.processInfo.environment["PLUMBLINE_PYTHON"]
        let python = named.map { URL(filePath: $0) } ?? root.appending(path: ".venv/bin/python")
        let path = python.deletingLastPathComponent().appending(path: program).path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}
