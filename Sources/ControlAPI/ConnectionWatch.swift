import HummingbirdCore
import Logging
import NIOCore

/// For how long a connection may wait for what.
struct ConnectionTimes {
    /// In which a request must be there as a whole.
    let request: Duration
    /// For which it may wait for its next request, and a peer take to read on.
    let idle: Duration
    /// For which the peer may read the last answer.
    let linger: Duration

    init(_ options: WebhookOptions) {
        request = options.requestTime
        idle = options.idleTime
        linger = options.lingerTime
    }

    init(_ options: ControlOptions) {
        request = options.requestTime
        idle = options.idleTime
        linger = options.lingerTime
    }
}

/// An outbound event: the request is there as a whole, and its answer may take so long.
struct AnswerTime {
    let most: Duration
}

/// Ends connections that take too long, and those of a source that has too many.
///
/// It sits below the HTTP decoder and counts time, not bytes: a request must be there as a whole
/// within its time, however its bytes trickle in; the framework's idle timeout starts anew with
/// every byte of a body. After our last answer the peer has a moment to read it, and what it still
/// sends is thrown away: closing at once would make the kernel reset the connection, and the answer
/// would be lost.
final class ConnectionWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Something of a request is on its way, or should be.
        case reading
        /// The last request has its answer.
        case idle
        case closing
    }

    private let times: ConnectionTimes
    private let limits: SourceLimits
    private var phase = Phase.reading
    private var deadline: Scheduled<Void>?
    private var counted: RequestSource?

    init(_ times: ConnectionTimes, _ limits: SourceLimits) {
        self.times = times
        self.limits = limits
    }

    func channelActive(context: ChannelHandlerContext) {
        let source = RequestSource(context.channel.remoteAddress)
        guard limits.connect(source) else {
            context.close(promise: nil)
            return
        }
        counted = source
        end(context, after: times.request)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        if let counted { limits.disconnect(counted) }
        counted = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .reading: break
        case .idle:
            phase = .reading
            end(context, after: times.request)
        case .closing: return
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if phase != .closing {
            phase = .idle
            end(context, after: times.idle)
        }
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard let time = event as? AnswerTime else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if phase == .reading { end(context, after: time.most) }
        promise?.succeed()
    }

    func close(
        context: ChannelHandlerContext,
        mode: CloseMode,
        promise: EventLoopPromise<Void>?
    ) {
        if mode == .output, phase != .closing {
            phase = .closing
            end(context, after: times.linger)
        }
        context.close(mode: mode, promise: promise)
    }

    private func end(_ context: ChannelHandlerContext, after time: Duration) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated()
            .scheduleTask(in: TimeAmount(time)) {
                context.close(promise: nil)
            }
    }
}

/// HTTP/1 connections with a watch on each.
struct WatchedConnection: ServerChildChannel {
    let http: HTTP1Channel
    let times: ConnectionTimes
    let limits: SourceLimits

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        do {
            let watch = ConnectionWatch(times, limits)
            try channel.pipeline.syncOperations.addHandler(watch)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return http.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
