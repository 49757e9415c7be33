import MeshModel
import Testing

/// Laws of validation, normal form and diff over many drawn specs; a failure names its seed.
struct SpecPropertyTests {
    @Test(arguments: Kind.allCases)
    func drawnSpecsAreSoundAndTheirNormalFormIsStable(_ kind: Kind) {
        for seed in 0..<150 as Range<UInt64> {
            var generator = SpecGenerator(seed: seed)
            let spec = generator.spec(of: kind)
            let findings = Schema.validate(spec, as: kind)
            #expect(findings.isEmpty, "seed \(seed): \(findings.map(\.message)) \(spec.json)")
            let normal = Schema.normalForm(spec, as: kind)
            #expect(Schema.normalForm(normal, as: kind) == normal, "seed \(seed)")
            #expect(Schema.diff(from: spec, to: normal, as: kind) == [], "seed \(seed)")
        }
    }

    @Test(arguments: Kind.allCases)
    func theSameInOtherWordsIsEqual(_ kind: Kind) {
        for seed in 0..<150 as Range<UInt64> {
            var generator = SpecGenerator(seed: seed)
            let spec = generator.spec(of: kind)
            var restatement = Restatement(random: SplitMix64(seed: seed ^ 0xA5A5))
            let other = restatement.of(spec, as: kind)
            #expect(Schema.equal(spec, other, as: kind), "\(seed): \(spec.json) \(other.json)")
            #expect(Schema.digest(spec, as: kind) == Schema.digest(other, as: kind))
            #expect(Schema.diff(from: spec, to: other, as: kind) == [], "seed \(seed)")
        }
    }

    @Test(arguments: Kind.allCases)
    func everyBreachOfTheTableIsFound(_ kind: Kind) {
        var kinds: Set<String> = []
        for seed in 0..<25 as Range<UInt64> {
            var generator = SpecGenerator(seed: seed)
            let spec = generator.spec(of: kind)
            for site in SpecSite.all(in: spec, as: kind) {
                for (what, broken) in site.breakages {
                    kinds.insert(what)
                    let isFound = !Schema.validate(broken, as: kind).isEmpty
                    #expect(isFound, "seed \(seed): \(what) at \(site.path): \(broken.json)")
                }
            }
        }
        #expect(kinds.isSuperset(of: ["another type", "unknown field", "null"]))
    }

    /// A field that is gone, or a number that is zero now, is a change; only weights are ratios.
    @Test(arguments: Kind.allCases)
    func everyOtherValueIsADifference(_ kind: Kind) {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SpecGenerator(seed: seed)
            let spec = Schema.normalForm(generator.spec(of: kind), as: kind)
            for site in SpecSite.all(in: spec, as: kind) where site.path.last != "weight" {
                let changed: SpecValue
                switch site.value {
                case .integer(let value): changed = site.spec(.integer(value == 0 ? 1 : 0))
                case .string(let value): changed = site.spec(.string(value + "x"))
                case .bool(let value): changed = site.spec(.bool(!value))
                default: continue
                }
                let changes = Schema.diff(from: spec, to: changed, as: kind)
                #expect(!changes.isEmpty, "seed \(seed): \(site.path)")
                #expect(!Schema.equal(spec, changed, as: kind))
            }
        }
    }
}
