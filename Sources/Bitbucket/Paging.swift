import AWSClient
import FoundationEssentials
import MeshModel

/// One page of a list: Cloud names the address of the next, a data center its first index.
private struct Page<Value: Decodable & Sendable>: Decodable, Sendable {
    let values: [Value]?
    let next: String?
    let isLastPage: Bool?
    let nextPageStart: Int64?
}

extension BitbucketClient {
    /// More pages than any list that we ask for has.
    private static var mostPages: Int { 100 }
    /// Bytes of all its pages: many times what a team has open, and no more than we can hold.
    private static var mostBytes: Int { 64 << 20 }

    /// Everything that is listed under a path, page by page.
    func all<Value: Decodable & Sendable>(
        _ purpose: String,
        _ path: String
    ) async throws(BitbucketFailure) -> [Value] {
        var values: [Value] = []
        var target: String? = path
        var taken = 0
        for _ in 0..<Self.mostPages {
            guard let asked = target else { return values }
            let answer = try await send(BitbucketCall(purpose, .get, asked))
            taken += answer.body.count
            guard taken <= Self.mostBytes else {
                throw BitbucketFailure(.final, purpose, "it has more than \(Self.mostBytes) bytes")
            }
            let page: Page<Value>
            do { page = try JSONDecoder().decode(Page<Value>.self, from: Data(answer.body)) } catch
            {
                throw BitbucketFailure(.final, purpose, "the answer is no page of a list")
            }
            values += page.values ?? []
            target = try next(after: page, of: path, purpose)
        }
        throw BitbucketFailure(.final, purpose, "it has more than \(Self.mostPages) pages")
    }

    /// The token goes nowhere but to the address in the settings, whatever a page names.
    private func next<Value>(
        after page: Page<Value>,
        of path: String,
        _ purpose: String
    ) throws(BitbucketFailure) -> String? {
        switch repository.flavor {
        case .cloud:
            guard let next = page.next else { return nil }
            let base = repository.base.description
            guard next.hasPrefix(base + "/") else {
                throw BitbucketFailure(.final, purpose, "its next page is not under \(base)")
            }
            return String(next.dropFirst(base.count))
        case .dataCenter:
            guard page.isLastPage != true, let start = page.nextPageStart else { return nil }
            return "\(path)&start=\(start)"
        }
    }
}
