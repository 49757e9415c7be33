import FoundationEssentials
import MeshModel
package import Planning

/// Why bytes are not a plan that could be applied.
package enum SavedPlanError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLarge
    case notAPlan(String)
    case otherFormat(String)
    case altered

    package var description: String {
        switch self {
        case .tooLarge:
            "it is larger than \(SavedPlan.sizeLimit >> 20) MiB"
        case .notAPlan(let reason):
            "it is no saved plan (\(reason)); save one with 'plan --out FILE'"
        case .otherFormat(let schema):
            "it is of '\(schema)', this Plumbline reads '\(SavedPlan.schema)'; plan anew"
        case .altered:
            "it was altered after it was saved: its content is not what its id says; plan anew"
        }
    }
}

extension SavedPlan {
    /// Far more than the largest mesh needs; a file is read whole into memory.
    package static let sizeLimit = 64 << 20

    package static let schema = "plumbline.dev/saved-plan/v1"

    /// JSON: the schema, the content, and the content's digest.
    package func encoded() throws -> [UInt8] {
        let file = File(schema: Self.schema, sha256: try digest, content: self)
        let bytes = Array(try Self.encoder.encode(file)) + [UInt8(ascii: "\n")]
        guard bytes.count <= Self.sizeLimit else { throw SavedPlanError.tooLarge }
        return bytes
    }

    /// Reads what `encoded` wrote; anything else, or anything altered, is refused.
    package init(decoding bytes: [UInt8]) throws(SavedPlanError) {
        guard bytes.count <= Self.sizeLimit else { throw .tooLarge }
        // Stricter than the decoder, which takes a key twice and a comma too many.
        do { _ = try SpecValue(json: bytes) } catch { throw .notAPlan("\(error)") }
        let data = Data(bytes)
        guard let header = try? JSONDecoder().decode(Header.self, from: data) else {
            throw .notAPlan("it names no schema")
        }
        guard header.schema == Self.schema else {
            throw .otherFormat(String(header.schema.prefix(80)))
        }
        guard let file = try? JSONDecoder().decode(File.self, from: data) else {
            throw .notAPlan("its content is not what this version of Plumbline saves")
        }
        self = file.content
        guard let digest = try? digest, digest == file.sha256, isWhole else { throw .altered }
    }

    /// Of the content as `encoded` writes it.
    private var digest: String {
        get throws { Digest(of: Array(try Self.encoder.encode(self))).hex }
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private struct Header: Decodable {
        let schema: String
    }

    private struct File: Codable {
        let schema: String
        let sha256: String
        let content: SavedPlan
    }
}

extension SavedPlan {
    /// `inputs moved: …`, for people; nothing where the plan still stands.
    package func moved(at survey: Survey) -> String? {
        let moved = moved(to: survey.saved, live: survey.input.live)
        guard !moved.isEmpty else { return nil }
        let shown = moved.prefix(8).joined(separator: ", ")
        let more = moved.count > 8 ? " and \(moved.count - 8) more" : ""
        return "inputs moved: \(shown)\(more)"
    }
}

extension Survey {
    /// The plan as `plan --out` keeps it.
    package var saved: SavedPlan { SavedPlan(plan, of: input) }
}
