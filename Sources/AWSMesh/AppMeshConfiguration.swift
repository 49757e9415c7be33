package import AWSClient

/// Why no client can be made of the flags and settings; a message for people.
package struct AppMeshConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

extension AppMeshClient.Configuration {
    /// The client's configuration from flags first, then what AWS tools would take.
    ///
    /// Endpoint: the flag, `AWS_ENDPOINT_URL_APP_MESH`, `AWS_ENDPOINT_URL`, the profile, AWS's own.
    /// Region: the flag, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile.
    package static func standard(
        endpoint: String? = nil,
        region: String? = nil,
        settings: SharedSettings,
        meshOwner: String? = nil,
        budget: CallBudget? = nil
    ) throws(AppMeshConfigurationError) -> AppMeshClient.Configuration {
        guard let region = region ?? settings.region else {
            throw AppMeshConfigurationError(
                description: "No region is known; give '--region' or set AWS_REGION"
            )
        }
        guard let own = ServiceEndpoint.aws(prefix: "appmesh", region: region) else {
            throw AppMeshConfigurationError(
                description: "Region '\(region)' is not a region's name; write it as 'eu-west-1'"
            )
        }
        let configured = endpoint ?? settings.endpoint(ofService: "APP_MESH")
        guard let place = configured.map({ ServiceEndpoint($0) }) ?? own else {
            throw AppMeshConfigurationError(
                description: "The endpoint is not an address of the form 'https://HOST:PORT', "
                    + "without user, password or query"
            )
        }
        return AppMeshClient.Configuration(
            region: region,
            endpoint: place,
            credentials: .standard(settings, region: region),
            meshOwner: meshOwner,
            budget: budget
        )
    }
}
