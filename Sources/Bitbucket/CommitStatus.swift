import MeshModel

/// What is said about one commit for one target: a build status, in Bitbucket's word for it.
package struct CommitStatus: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case inProgress
        case successful
        case failed
        /// Something newer took over before it was done.
        case stopped
    }

    /// 40 hexadecimal digits.
    package let commit: String
    package let key: StatusKey
    package let state: State
    /// One line; the ledger's head is its end, and is never cut off.
    package let description: String

    /// Says it with the ledger's head as `ledger 1042:9f8e7d6c5b4a`, so that what stands in
    /// Bitbucket can be held against the ledger.
    package init(
        commit: String,
        key: StatusKey,
        state: State,
        text: String,
        head: String?
    ) {
        self.commit = commit
        self.key = key
        self.state = state
        let end = head.map { " · ledger \(PlainText.line($0))" } ?? ""
        let room = Self.longestDescription - end.utf16.count
        description = PlainText.limited(PlainText.line(text, limit: .max), to: max(room, 0)) + end
    }

    /// Both flavours store 255 characters.
    static let longestDescription = 255
}

/// What tells the statuses of one commit apart: one key for each target, the same for ever.
package struct StatusKey: Hashable, Sendable {
    /// `plumbline-prod`: what a merge check names.
    package let text: String
    /// For people: `Plumbline prod`.
    package let name: String

    /// Longest key that Cloud takes.
    static let longest = 40

    /// The key of a target; a name that is too long or too odd is told apart by its digest.
    package init(target: String) {
        let plain = "plumbline-" + target
        let isPlain = target.utf8.allSatisfy(Self.isKeyByte)
        if isPlain, plain.utf8.count <= Self.longest {
            text = plain
        } else {
            let kept = target.utf8.filter(Self.isKeyByte).prefix(13)
            let words = String(decoding: kept, as: UTF8.self)
            text = "plumbline-\(words)-\(Digest(of: Array(target.utf8)).hex.prefix(16))"
        }
        name = PlainText.limited("Plumbline " + PlainText.line(target, limit: .max), to: 200)
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._-".utf8.contains(byte)
        }
    }
}

extension CommitStatus {
    /// The one call that says it; said again, it replaces what was said before.
    func call(to repository: BitbucketRepository) -> BitbucketCall {
        let members: [String: SpecValue] = [
            "key": .string(key.text),
            "state": .string(state.word(repository.flavor)),
            "name": .string(key.name),
            "description": .string(description),
            "url": .string(repository.page(ofCommit: commit)),
        ]
        let path =
            switch repository.flavor {
            case .cloud: repository.path("commit/\(commit)/statuses/build")
            case .dataCenter: repository.path("commits/\(commit)/builds")
            }
        return BitbucketCall(
            "Set the build status '\(key.text)' of commit \(commit.prefix(12))",
            .post,
            path,
            .object(members)
        )
    }
}

extension CommitStatus.State {
    func word(_ flavor: BitbucketRepository.Flavor) -> String {
        switch (self, flavor) {
        case (.inProgress, _): "INPROGRESS"
        case (.successful, _): "SUCCESSFUL"
        case (.failed, _): "FAILED"
        case (.stopped, .cloud): "STOPPED"
        case (.stopped, .dataCenter): "CANCELLED"
        }
    }
}
