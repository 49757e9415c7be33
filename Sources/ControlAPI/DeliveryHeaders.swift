/// The headers that say what a delivery is; the signature does not cover them.
///
/// Cloud sends `X-Request-UUID`, `X-Hook-UUID` and `X-Attempt-Number`, Data Center sends
/// `X-Request-Id`. Proxies add an `X-Request-Id` of their own, so Cloud's headers are asked first.
package struct DeliveryHeaders: Hashable, Sendable {
    package let flavor: WebhookFlavor
    package let key: String
    /// Of this delivery, the same for all its attempts; a ping may have none.
    package let id: String?
    package let attempt: Int?

    package static let ping = "diagnostics:ping"

    package var isPing: Bool { key == Self.ping }

    /// Reads headers by a function that gives all values of a lower-case name.
    package init(_ values: (_ name: String) -> [String]) throws(WebhookFault) {
        key = try Self.single("x-event-key", values, Self.isKey) ?? ""
        guard !key.isEmpty else { throw WebhookFault("the header X-Event-Key is missing") }
        let request = try Self.single("x-request-uuid", values, Self.isID)
        let hook = try Self.single("x-hook-uuid", values, Self.isID)
        if request != nil || hook != nil {
            flavor = .cloud
            id = request
            attempt = try Self.single("x-attempt-number", values, Self.isID).flatMap { Int($0) }
        } else {
            flavor = .dataCenter
            id = try Self.single("x-request-id", values, Self.isID)
            attempt = nil
        }
        guard id != nil || isPing else {
            throw WebhookFault("neither X-Request-UUID nor X-Request-Id names the delivery")
        }
    }

    private static func single(
        _ name: String,
        _ values: (String) -> [String],
        _ isValid: (String) -> Bool
    ) throws(WebhookFault) -> String? {
        let all = values(name)
        guard let value = all.first else { return nil }
        guard all.count == 1 else { throw WebhookFault("the header \(name) comes twice") }
        guard isValid(value) else { throw WebhookFault("the header \(name) is not readable") }
        return value
    }

    private static func isKey(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x3A).contains($0) || isWord($0) }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "_-.".utf8.contains(byte)
    }

    private static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
