import Foundation
import Testing

@testable import AWSClient

/// AWS's published vectors, read from the folder that `PLUMBLINE_FIXTURES` names.
///
/// They are not copied into this tree; without the variable the test is skipped and says so.
@Suite("SigV4 vectors") struct SigV4SuiteTests {
    private static let folder = ProcessInfo.processInfo.environment["PLUMBLINE_FIXTURES"]
        .map { URL(filePath: $0).appending(path: "aws4-testsuite") }

    @Test("every vector of the suite", .enabled(if: folder != nil, "PLUMBLINE_FIXTURES is not set"))
    func vectors() throws {
        let folder = try #require(Self.folder)
        let names = try #require(FileManager.default.enumerator(atPath: folder.path))
            .compactMap { $0 as? String }
            .filter { $0.hasSuffix(".req") }
            .map { String($0.dropLast(4)) }
            .sorted()
        #expect(names.count == 34)
        for name in names {
            try check(folder.appending(path: name))
        }
    }

    private func check(_ vector: URL) throws {
        let canonical = try text(vector, "creq")
        var message = try parse(text(vector, "req"))
        if canonical.contains("x-amz-security-token"),
            message.value(of: "x-amz-security-token") == nil
        {
            let token = try #require(
                parse(text(vector, "sreq")).value(of: "x-amz-security-token")
            )
            message = SignedMessage(
                method: message.method,
                path: message.path,
                query: message.query,
                headers: message.headers + [(name: "x-amz-security-token", value: token)],
                bodyHash: message.bodyHash
            )
        }
        let name = vector.lastPathComponent
        let scope = CredentialScope(date: "20150830", region: "us-east-1", service: "service")
        let signed = message.headerNames
        #expect(SigV4.canonicalRequest(message, signing: signed) == canonical, "\(name)")
        let stringToSign = SigV4.stringToSign(
            message,
            signing: signed,
            scope: scope,
            timestamp: "20150830T123600Z"
        )
        #expect(try stringToSign == text(vector, "sts"), "\(name)")
        let header = SigV4.authorization(
            for: message,
            scope: scope,
            timestamp: "20150830T123600Z",
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE",
                secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            )
        )
        #expect(try header == text(vector, "authz"), "\(name)")
    }

    private func text(_ vector: URL, _ suffix: String) throws -> String {
        try String(contentsOf: vector.appendingPathExtension(suffix), encoding: .utf8)
            .replacingOccurrences(of: "\r\n", with: "\n")
    }

    /// Reads a request as the suite writes it: a request line, headers, an empty line, a body.
    private func parse(_ text: String) throws -> SignedMessage {
        let halves = text.components(separatedBy: "\n\n")
        var lines = halves[0].components(separatedBy: "\n")
        let line = lines.removeFirst()
        let method = try #require(line.split(separator: " ").first)
        let target = line.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
            .split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var headers: [(name: String, value: String)] = []
        for line in lines where !line.isEmpty {
            if line.hasPrefix(" "), let last = headers.popLast() {
                headers.append((name: last.name, value: last.value + "\n" + line))
            } else {
                let pair = line.split(separator: ":", maxSplits: 1)
                headers.append(
                    (name: String(pair[0]), value: pair.count == 2 ? String(pair[1]) : "")
                )
            }
        }
        return SignedMessage(
            method: String(method),
            path: String(try #require(target.first)),
            query: target.count == 2 ? String(target[1]) : "",
            headers: headers,
            bodyHash: SigV4.hash((halves.count > 1 ? halves[1] : "").utf8)
        )
    }
}
