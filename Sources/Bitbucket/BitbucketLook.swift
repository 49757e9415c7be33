extension BitbucketClient {
    /// Reads the repository's description, to see that the address, the token and it fit.
    package func look() async throws(BitbucketFailure) {
        let path = repository.path("")
        let call = BitbucketCall("Look at \(repository.fullName)", .get, String(path.dropLast()))
        _ = try await send(call)
    }
}
