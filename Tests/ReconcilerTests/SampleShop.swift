import Foundation
import Manifests

/// The sample that the package ships, read from its folder.
enum SampleShop {
    static func tree(file: String = #filePath) throws -> SourceTree {
        let folder = URL(filePath: file).deletingLastPathComponent()
            .appending(path: "../../manifests/shop").standardized
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return SourceTree(
            files: try names.map { name in
                let bytes = try Data(contentsOf: folder.appending(path: name))
                return SourceFile(path: name, bytes: Array(bytes))
            }
        )
    }
}
