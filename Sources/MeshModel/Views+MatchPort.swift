/// The listener port that a route or a gateway route takes traffic from.
///
/// Demanded of every route of a router with several listeners, before the second one is added.
package enum MatchPort {
    /// The port of a route's match; absent where any listener will do.
    package static func of(_ spec: SpecValue) -> Int64? {
        TrafficProtocol.allCases
            .compactMap { spec[$0.routeMember]?["match"]?["port"]?.integer }.first
    }

    /// The same spec with a port in its match, whatever its route type; unchanged without one.
    package static func replacing(_ port: Int64, in spec: SpecValue) -> SpecValue {
        let member = TrafficProtocol.allCases.map(\.routeMember).first { spec[$0] != nil }
        guard let member else { return spec }
        return spec.replacing([member, "match", "port"][...], with: .integer(port))
    }
}
