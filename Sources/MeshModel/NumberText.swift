extension Double {
    /// For people: two digits behind the point, and none where they are zeros.
    package var shortText: String {
        let rounded = (self * 100).rounded() / 100
        guard rounded == rounded.rounded(), abs(rounded) < 1e15 else { return String(rounded) }
        return String(Int64(rounded))
    }
}
