/// Why the ledger could not do what was asked; whenever one is thrown, nothing was half written.
package struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// There is no ledger in the folder.
        case missing
        /// SQLite cannot read the file.
        case unreadable
        /// A newer Plumbline made it.
        case unknownFormat
        /// Another process holds the state folder.
        case locked
        /// Another process appended although it does not hold the lock.
        case concurrentWriter
        /// Opened for reading only.
        case readOnly
        /// The folder or a file in it cannot be made, read or written.
        case files
        /// The disk is full.
        case full
        /// The signed head names records that the ledger does not have.
        case headDisagrees
        case signingKey
        /// A record cannot be read as what it should be.
        case malformed
        /// The ledger was made for another target.
        case otherTarget
        /// A change came without a record that says why.
        case changeWithoutRecord
    }

    package let code: Code
    /// What we were doing, to which object, the cause, and what to do next.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
