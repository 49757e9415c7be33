import FoundationEssentials
package import MeshModel
package import Planning
import Rollout

/// What people decide about a target, on record: approvals, holds and suspensions.
extension Reconciliation {
    /// Long enough for what is approved in the evening and begins after the night.
    private static let approvalLifetime = Duration.seconds(24 * 60 * 60)

    /// Lets whatever does exactly what this plan does be begun, once, until the given time or for a
    /// day.
    package func approve(
        _ plan: Plan,
        by person: String,
        reason: String,
        until end: Int64? = nil
    ) async throws {
        let kind = Order.Kind.approve(changeDigest: plan.changeDigest)
        let end = end ?? runner.clock.wallTime() + Self.approvalLifetime.milliseconds
        try await record(Order(kind, by: person, reason: reason, until: end), about: plan)
    }

    /// Takes an approval back, and says no to whatever does exactly what this plan does.
    package func reject(_ plan: Plan, by person: String, reason: String) async throws {
        let kind = Order.Kind.reject(changeDigest: plan.changeDigest)
        try await record(Order(kind, by: person, reason: reason), about: plan)
    }

    /// Whether somebody approved what a plan does, for its target, and that was not begun yet.
    package func isApproved(_ plan: Plan) async throws -> Bool {
        try await runner.ledger.orders(mesh: plan.target.mesh)
            .isApproved(plan.changeDigest, at: runner.clock.wallTime())
    }

    /// Who lets nothing begin: a suspension before a hold.
    package func blockedBy() async throws -> Order? {
        guard let mesh = settings.mesh else { return nil }
        return try await standingOrders(of: mesh).blocking
    }

    /// Who has suspended the target, with or without a freeze.
    package func suspendedBy() async throws -> Order? {
        guard let mesh = settings.mesh else { return nil }
        return try await standingOrders(of: mesh).suspendedBy
    }

    /// Who has frozen the target, so that nothing of it is written, not even a way back.
    package func freeze() async throws -> Order? {
        guard let mesh = settings.mesh else { return nil }
        return try await standingOrders(of: mesh).freeze
    }

    /// Where a person has sent the target back to, whether it got there or not.
    func wayBack() async throws -> WayBack? {
        guard let mesh = settings.mesh else { return nil }
        return try await standingOrders(of: mesh).wayBack
    }

    /// What people want of a mesh now.
    func standingOrders(of mesh: String) async throws -> OrdersInForce {
        OrdersInForce(try await runner.ledger.orders(mesh: mesh), at: runner.clock.wallTime())
    }

    /// Records an order about a mesh as a whole, such as a hold, a release or a suspension.
    package func record(_ order: Order, mesh: String) async throws {
        try await runner.record(order.entry(), mesh: mesh, by: order.by)
    }

    private func record(_ order: Order, about plan: Plan) async throws {
        try await runner.record(
            order.entry(revision: plan.revision, plan: plan.id),
            mesh: plan.target.mesh,
            revision: plan.revision,
            by: order.by
        )
    }
}

/// What stands of people's orders at one moment.
struct OrdersInForce {
    /// Why nothing new begins.
    let blocking: Order?
    let suspendedBy: Order?
    let wayBack: WayBack?

    init(_ orders: StandingOrders, at now: Int64) {
        blocking = orders.blocking(at: now)
        suspendedBy = orders.suspension(at: now)
        wayBack = orders.wayBack(at: now)
    }

    var suspension: Suspension {
        guard let suspendedBy else { return .lifted }
        return suspendedBy.kind == .suspend(freezes: true) ? .frozen : .atStep
    }

    /// What a rollout is told where a person wants another commit back: it goes to its baseline
    /// first, and the way back begins there.
    func abortion(of revision: Revision) -> RolloutOrder? {
        guard let wayBack, !wayBack.isOver, wayBack.commit != revision.commit else { return nil }
        let (goal, reason) = ("to go back to \(wayBack.commit.prefix(7))", wayBack.order.reason)
        let words = reason.isEmpty ? goal : "\(goal): \(reason)"
        return RolloutOrder(.abort, by: wayBack.order.by, reason: words)
    }

    /// Why nothing is written at all.
    var freeze: Order? { suspension == .frozen ? suspendedBy : nil }
}

/// A person has frozen the target: nothing of it is written, and what is under way stays where it
/// is.
package struct TargetFrozen: Error, Sendable, CustomStringConvertible {
    let mesh: String
    let order: Order

    package var description: String {
        "Mesh '\(mesh)' is \(order.words); nothing is written to it until it is resumed"
    }
}

extension Order {
    /// `held by ada until 2026-11-22T10:00:00Z: the sale`, for the plan that it blocks.
    package var words: String {
        let verb =
            switch kind {
            case .suspend(freezes: true): "frozen"
            case .suspend(freezes: false): "suspended"
            case .approve, .reject, .hold, .rollBack, .release, .resume: "held"
            }
        let end = until.map { " until \(Self.time($0))" }
        let why = reason.isEmpty ? "" : ": \(reason)"
        return "\(verb) by \(by)\(end ?? "")\(why)"
    }

    /// A time in milliseconds since 1970, as messages have it.
    static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
    }
}
