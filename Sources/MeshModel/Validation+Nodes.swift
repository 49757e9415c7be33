/// Rules of virtual nodes, routers and gateways that the API states in prose.
extension Validation {
    mutating func checkNode(_ spec: SpecValue) {
        checkListeners(spec)
        if !(spec["listeners"]?.items ?? []).isEmpty, spec["serviceDiscovery"] == nil {
            report(
                "noServiceDiscovery",
                at: ["listeners"],
                "the spec has listeners, but no 'serviceDiscovery' to find them by; write one"
            )
        }
        var seen: Set<String> = []
        for (index, item) in (spec["backends"]?.items ?? []).enumerated() {
            guard let service = Backend(item)?.service, !seen.insert(service).inserted else {
                continue
            }
            report(
                "duplicateBackend",
                at: ["backends", String(index)],
                "backends names '\(PlainText.excerpt(service))' twice; write it once"
            )
        }
    }

    /// Of every kind that has listeners.
    mutating func checkListeners(_ spec: SpecValue) {
        var seen: Set<Int64> = []
        for (index, item) in (spec["listeners"]?.items ?? []).enumerated() {
            guard let listener = Listener(item) else { continue }
            let path = ["listeners", String(index)]
            if !seen.insert(listener.port).inserted {
                report(
                    "duplicateListener",
                    at: path + ["portMapping", "port"],
                    "listeners has port \(listener.port) twice; write one listener for each port"
                )
            }
            if let port = listener.healthCheck?.port, port != listener.port {
                report(
                    "healthCheckPort",
                    at: path + ["healthCheck", "port"],
                    "healthCheck.port is \(port), but the port of listeners[\(index)] is "
                        + "\(listener.port); write the same or leave it out"
                )
            }
            checkProtocol("connectionPool", of: listener, at: path)
            checkProtocol("timeout", of: listener, at: path)
        }
    }

    private mutating func checkProtocol(
        _ member: String,
        of listener: Listener,
        at path: [String]
    ) {
        let known = TrafficProtocol.allCases.map(\.rawValue)
        for key in known where key != listener.traffic.rawValue {
            guard listener.value[member]?[key] != nil else { continue }
            report(
                "protocolMismatch",
                at: path + [member, key],
                "\(member).\(key) does not fit a listener of \(listener.traffic.rawValue); "
                    + "write \(member).\(listener.traffic.rawValue)"
            )
        }
    }
}

extension Schema {
    /// Whether a resource of this kind may have this name; nothing when it may.
    ///
    /// The server's own rule, `^[a-zA-Z0-9\-_]+$`, from which only virtual services are free: their
    /// names are host names.
    package static func validateName(_ name: String, kind: Kind) -> SpecFinding? {
        let noun = "name '\(PlainText.excerpt(name))' of a \(kind.rawValue)"
        let count = name.unicodeScalars.count
        guard (1...255).contains(count) else {
            let message = "\(noun) has \(count) characters; write 1 to 255"
            return SpecFinding(path: [], code: "badName", message: message)
        }
        guard kind != .virtualService, !name.utf8.allSatisfy(isNameByte) else { return nil }
        let message = "\(noun) has other characters than letters, digits, '-' and '_'; rename it"
        return SpecFinding(path: [], code: "badName", message: message)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
