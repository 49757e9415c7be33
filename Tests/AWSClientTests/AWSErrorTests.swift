import NIOHTTP1
import Testing

@testable import AWSClient

@Suite("AWS errors") struct AWSErrorTests {
    @Test("messages are one bounded line without secrets") func sanitising() {
        func clean(_ text: String) -> String { AWSError.sanitise(text) }
        #expect(clean("a\nb") == "a")
        #expect(clean("see https://u:p@h/p?token=x now") == "see https://h/p now")
        #expect(clean("bell\u{7} and \u{202E}turn") == "bell and turn")
        #expect(clean(String(repeating: "x", count: 9999)).count == 500)
        #expect(clean("") == "")
    }

    @Test("an error says what, to what, why, and what next") func form() {
        let error = AWSError(
            operation: "UpdateRoute",
            subject: "mesh/shop/virtualRouter/checkout/route/main",
            code: .accessDenied,
            message: "not authorized to perform appmesh:UpdateRoute",
            requestID: "r-1"
        )
        #expect(
            error.description
                == "UpdateRoute 'mesh/shop/virtualRouter/checkout/route/main' denied: not "
                + "authorized to perform appmesh:UpdateRoute; allow the action to these "
                + "credentials (request id r-1)"
        )
    }

    @Test(
        "the code is found wherever it stands",
        arguments: [
            (["x-amzn-ErrorType": "NotFoundException:http://x/"], "", "NotFoundException"),
            ([:], #"{"__type":"com.amazon#NotFoundException"}"#, "NotFoundException"),
            ([:], #"{"code":"NotFoundException","message":"m"}"#, "NotFoundException"),
            ([:], #"{"__type":7,"code":"ConflictException"}"#, "ConflictException"),
            ([:], "<html>", nil),
            (["x-amzn-ErrorType": ":"], "", nil),
        ] as [([String: String], String, String?)]
    )
    func codes(headers: [String: String], body: String, code: String?) {
        let answer = HTTPAnswer(
            status: 400,
            headers: HTTPHeaders(headers.map { ($0.key, $0.value) }),
            body: Array(body.utf8)
        )
        #expect(AnswerReading(answer).code == code)
    }

    @Test("no bytes break the reading") func fuzz() {
        var source = JitterSource(seed: 2026)
        let whole = Array(#"{"__type":"a#NotFoundException","message":"é","code":[1,{}]}"#.utf8)
        for _ in 0..<3000 {
            var body = whole
            for _ in 0..<Int.random(in: 0...4, using: &source) {
                let position = Int.random(in: 0..<body.count, using: &source)
                body[position] = UInt8.random(in: 0...255, using: &source)
            }
            body = Array(body.prefix(Int.random(in: 0...body.count, using: &source)))
            let answer = HTTPAnswer(
                status: Int.random(in: 300..<600, using: &source),
                headers: ["retry-after": String(decoding: body.prefix(5), as: UTF8.self)],
                body: body
            )
            let request = ServiceRequest(operation: "X", method: "GET", path: "/", kind: .read)
            let error = AnswerReading(answer).error(of: request)
            #expect(error != nil)
            #expect((error?.message.unicodeScalars.count ?? 501) <= 500)
        }
    }
}
