/// The words everything else is written in: kinds and addresses of mesh resources, their specs as
/// values, the schema of all seven kinds as data, normal forms, diffs and diagnostics.
///
/// In: JSON or YAML already turned into `SpecValue`. Out: values. Nothing here waits, reads a
/// clock, draws a random number or touches the outside world. Facts about App Mesh come from the
/// public API model 2019-01-25 and the AWS App Mesh user guide.
package enum MeshModelVersion {
    /// Raised when a normal form changes, because digests of bodies depend on it.
    package static let normalForm: Int64 = 1
}
