import Foundation
import MeshModel

/// The answer of Prometheus to an instant query (`/api/v1/query`, HTTP API v1).
enum PrometheusAnswer {
    /// One number, or why there is none.
    static func read(_ body: [UInt8]) throws(GateFailure) -> Reading {
        let answer: Document
        do {
            answer = try JSONDecoder().decode(Document.self, from: Data(body))
        } catch {
            throw .error("the answer is not that of a Prometheus query")
        }
        guard answer.status == "success", let data = answer.data else {
            throw .error(complaint(answer) ?? "the query failed without a reason")
        }
        switch data.result {
        case .scalar(let text):
            return try number(text)
        case .vector(let samples):
            guard let first = samples.first else { throw .noData("the query yields no series") }
            guard samples.count == 1 else {
                throw .inconclusive(
                    "the query yields \(samples.count) series; aggregate it to one"
                )
            }
            guard let text = first else {
                throw .error("the query yields a histogram; make it one number")
            }
            return try number(text)
        case .other(let type):
            throw .error("the query yields a \(PlainText.line(type)); make it one number")
        }
    }

    /// What Prometheus says is wrong, when a body is its error document.
    static func complaint(_ body: [UInt8]) -> String? {
        (try? JSONDecoder().decode(Document.self, from: Data(body))).flatMap(complaint)
    }

    private static func complaint(_ answer: Document) -> String? {
        guard answer.status == "error" else { return nil }
        let parts = [answer.errorType, answer.error].compactMap(\.self).map { PlainText.line($0) }
        return parts.isEmpty ? nil : parts.joined(separator: ": ")
    }

    /// Numbers travel as text, because JSON has neither NaN nor Inf.
    private static func number(_ text: String) throws(GateFailure) -> Reading {
        guard let value = Double(text) else {
            throw .error("'\(PlainText.line(text))' is no number")
        }
        guard !value.isNaN else { throw .noData("the query yields NaN") }
        guard value.isFinite else { throw .inconclusive("the query yields \(text)") }
        return .number(value)
    }

    private struct Document: Decodable {
        let status: String
        let data: Payload?
        let errorType: String?
        let error: String?
    }

    private struct Payload: Decodable {
        enum Result {
            case scalar(String)
            /// The value of each sample; none where it is a native histogram.
            case vector([String?])
            case other(String)
        }

        private enum CodingKeys: String, CodingKey {
            case resultType
            case result
        }

        let result: Result

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let type = try container.decode(String.self, forKey: .resultType)
            switch type {
            case "scalar":
                result = .scalar(try container.decode(Pair.self, forKey: .result).text)
            case "vector":
                let samples = try container.decode([Sample].self, forKey: .result)
                result = .vector(samples.map { $0.value?.text })
            default:
                result = .other(type)
            }
        }
    }

    private struct Sample: Decodable {
        let value: Pair?
    }

    /// `[<unix time>, "<number>"]`.
    private struct Pair: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            _ = try container.decode(Double.self)
            text = try container.decode(String.self)
        }
    }
}
