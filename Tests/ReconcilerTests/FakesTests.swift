import AuditLog
import Manifests
import MeshModel
import Reconciler
import Rollout
import Synchronization
import Testing

/// The fakes obey the rules that the real things have.
@Suite("Fakes", .timeLimit(.minutes(1))) struct FakesTests {
    @Test("a branch has a line of commits, and equal files are an equal tree") func branch()
        async throws
    {
        let branch = Branch()
        await #expect(throws: Branch.Failure.noCommit) { try await branch.newest() }
        let first = branch.commit(Shop().tree)
        let second = branch.commit(Shop(v2: 10).tree)
        let third = branch.commit(Shop().tree)
        #expect(first.commit != third.commit)
        #expect(first.tree == third.tree)
        #expect(second.tree != first.tree)
        #expect(first.commit.utf8.count == 40)
        #expect(try await branch.newest() == third)
        #expect(try await branch.isAncestor(first, of: third))
        #expect(try await branch.isAncestor(third, of: third))
        #expect(try await !branch.isAncestor(third, of: first))
        #expect(try await branch.sourceTree(at: second) == Shop(v2: 10).tree)
    }

    @Test("a rewound branch goes on from where it was set back to") func rewind() async throws {
        let branch = Branch()
        let first = branch.commit(Shop().tree)
        let lost = branch.commit(Shop(v2: 10).tree)
        try branch.rewind(to: first)
        #expect(try await branch.newest() == first)
        let next = branch.commit(Shop(v2: 20).tree)
        #expect(try await branch.isAncestor(first, of: next))
        #expect(try await !branch.isAncestor(lost, of: next))
        #expect(try await branch.sourceTree(at: lost) == Shop(v2: 10).tree)
    }

    @Test("virtual time wakes sleepers in the order of their moments") func order() async throws {
        let wall = WallClock()
        let start = wall.now
        let time = VirtualTime(wall)
        let clock = time.clock
        let woken = try await withTaskExecutorPreference(time) {
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for due in [3000, 1000, 2000] as [Int64] {
                    group.addTask {
                        try await clock.sleep(Instant(milliseconds: due))
                        #expect(clock.now() == Instant(milliseconds: due))
                        return due
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(woken == [1000, 2000, 3000])
        #expect(wall.now == start + 3000)
    }

    @Test("no virtual time passes while the world takes its time") func outside() async throws {
        let time = VirtualTime(WallClock())
        let clock = time.clock
        try await withTaskExecutorPreference(time) {
            async let asleep: Void = clock.sleep(Instant(milliseconds: 1000))
            await time.outside {
                // Elsewhere, so that nobody works here meanwhile.
                await Task.detached { while !time.isIdle { await Task.yield() } }.value
                #expect(clock.now() == Instant(milliseconds: 0))
            }
            try await asleep
            #expect(clock.now() == Instant(milliseconds: 1000))
        }
    }

    @Test("a cancelled sleeper wakes at once") func cancelled() async throws {
        let time = VirtualTime(WallClock())
        let clock = time.clock
        await withTaskExecutorPreference(time) {
            await time.outside {
                let sleeper = Task { try await clock.sleep(Instant(milliseconds: 1000)) }
                sleeper.cancel()
                await #expect(throws: CancellationError.self) { try await sleeper.value }
            }
            #expect(clock.now() == Instant(milliseconds: 0))
        }
    }

    @Test("a dead process does nothing any more", arguments: Fate.Side.allCases)
    func fate(side: Fate.Side) async throws {
        let fate = Fate(at: 2, side)
        let done = Mutex<[Int]>([])
        for number in 1...4 {
            let result: Void? = try? await fate.perform("\(number)") {
                done.withLock { $0.append(number) }
            }
            #expect((result != nil) == (number == 1))
        }
        #expect(done.withLock { $0 } == (side == .before ? [1] : [1, 2]))
        #expect(fate.isDead)
    }
}
