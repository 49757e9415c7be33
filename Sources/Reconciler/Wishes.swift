import Planning

/// What people asked of a target's next plans, until a look has done it.
struct Wishes {
    private struct Wish {
        let number: Int
        let options: PlanOptions
    }

    private var wishes: [Wish] = []
    private var count = 0

    mutating func add(_ options: PlanOptions) {
        count += 1
        wishes.append(Wish(number: count, options: options))
    }

    /// Takes out what was done; what was asked for since then stays, even if it is the same.
    mutating func drop(_ done: Wishes) { wishes.removeAll { $0.number <= done.count } }

    /// All of it in one.
    var options: PlanOptions {
        wishes.map(\.options)
            .reduce(into: PlanOptions()) { all, one in
                all.adopt = all.adopt.union(one.adopt)
                all.fromTags = all.fromTags || one.fromTags
                all.recreate = all.recreate || one.recreate
            }
    }
}

extension Selection {
    func union(_ other: Selection) -> Selection {
        switch (self, other) {
        case (.all, _), (_, .all): .all
        case (.none, let one), (let one, .none): one
        case (.matching(let globs), .matching(let more)): .matching(globs + more)
        }
    }
}

extension Corrections {
    /// With what a person asked for besides; what is gone is made again at once, judged or not.
    func including(_ selection: Selection) -> Corrections {
        switch self {
        case .none: selection == .none ? .none : .judged(selection)
        case .all: .all
        case .judged(let known): .judged(known.union(selection))
        }
    }
}
