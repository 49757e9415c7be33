import MeshModel
import Testing

@testable import HealthGates

@Suite struct PrometheusAnswerTests {
    private static func kind(_ text: String) -> String {
        do {
            switch try PrometheusAnswer.read(Array(text.utf8)) {
            case .number(let value): return "\(value)"
            default: return "not a number"
            }
        } catch {
            switch error {
            case .noData: return "no data"
            case .inconclusive: return "inconclusive"
            case .error(let text): return text
            }
        }
    }

    private static func vector(_ values: String...) -> String {
        let samples = values.map { #"{"metric":{"a":"b"},"value":[1,"\#($0)"]}"# }
        let list = samples.joined(separator: ",")
        return #"{"status":"success","data":{"resultType":"vector","result":[\#(list)]}}"#
    }

    private static func result(_ type: String, _ result: String) -> String {
        #"{"status":"success","data":{"resultType":"\#(type)","result":\#(result)}}"#
    }

    @Test(arguments: [
        (vector("99.5"), "99.5"),
        (vector("1e+06"), "1000000.0"),
        (vector(), "no data"),
        (vector("NaN"), "no data"),
        (vector("+Inf"), "inconclusive"),
        (vector("-Inf"), "inconclusive"),
        (vector("1", "2"), "inconclusive"),
        (vector("many"), "'many' is no number"),
        (vector(""), "'' is no number"),
        (result("scalar", #"[1.5,"7"]"#), "7.0"),
        (result("string", #"[1,"x"]"#), "the query yields a string; make it one number"),
        (result("matrix", "[]"), "the query yields a matrix; make it one number"),
        (
            result("vector", #"[{"metric":{},"histogram":[1,{"count":"2"}]}]"#),
            "the query yields a histogram; make it one number"
        ),
        (#"{"status":"error","errorType":"timeout","error":"slow"}"#, "timeout: slow"),
        (#"{"status":"success"}"#, "the query failed without a reason"),
        (result("vector", #"[{"metric":{},"value":[1,2]}]"#), notPrometheus),
        ("<html>", notPrometheus),
        ("", notPrometheus),
        ("null", notPrometheus),
    ])
    func theAnswerSays(_ answer: String, _ expected: String) {
        #expect(Self.kind(answer) == expected)
    }

    private static let notPrometheus = "the answer is not that of a Prometheus query"
}
