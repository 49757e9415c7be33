import CLibgit2
import Foundation

/// A repository on this machine, looked at before it is fetched from.
///
/// libgit2 says "unsupported URL protocol" of a folder that is not there, and "object not found"
/// of a shallow clone; people deserve better.
enum LocalRemote {
    static func check(_ address: String) throws(GitError) {
        let operation = GitOperation("Fetch", address)
        let path = self.path(address)
        guard FileManager.default.fileExists(atPath: path) else {
            throw operation.error(
                .fileSystem,
                "there is no such folder",
                nextStep: "check the path of the repository"
            )
        }
        var opened: OpaquePointer?
        do throws(GitError) {
            try operation.run {
                git_repository_open_ext(&opened, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil)
            }
        } catch  where error.nextStep == nil {
            throw operation.error(
                .fileSystem,
                error.message,
                nextStep: "name the repository's own folder; the manifests' folder is apart from it"
            )
        }
        defer { git_repository_free(opened) }
        guard git_repository_is_shallow(opened) != 1 else {
            throw operation.error(
                .unsupported,
                "the repository is a shallow clone, whose history ends early",
                nextStep: "clone it whole, or complete it with 'git fetch --unshallow'"
            )
        }
    }

    private static func path(_ address: String) -> String {
        guard address.hasPrefix("file://") else { return address }
        let path = String(address.dropFirst("file://".count))
        return path.removingPercentEncoding ?? path
    }
}
