/// A duration that is stored in milliseconds, as manifests give it.
///
/// Its own coding has 128 bits of attoseconds, which no JSON value of a ledger carries exactly.
@propertyWrapper
package struct Milliseconds: Hashable, Sendable, Codable {
    package var wrappedValue: Duration

    package init(wrappedValue: Duration) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        wrappedValue = .milliseconds(try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.milliseconds)
    }
}
