import MeshModel
import NIOCore
import ServiceLifecycle

/// Sends what happens to whoever reads `/v1/events`.
///
/// A stream asks for what is new and sends it, so that a reader who is slow holds up nobody and
/// fills no memory. It ends after a while: the reader comes back with the last number that it saw,
/// and with a token that still holds.
struct EventStreams: Sendable {
    private let options: ControlOptions
    private let places: Allowance

    init(_ options: ControlOptions) {
        self.options = options
        places = Allowance(options.mostStreams)
    }

    /// Asks once, so that what cannot be had is told before anything is sent.
    func open(after number: Int64?, _ sources: any ControlSources) async throws -> EventStream {
        guard let place = places.lease() else { throw ControlProblem.tooManyStreams }
        let first = try await sources.events(after: number, limit: EventStream.page)
        return EventStream(first: first, sources: sources, options: options, place: place)
    }
}

/// The body of one answer: events as they come, and signs of life between them.
struct EventStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// Events that are asked for at a time.
    static let page = 100

    let first: ControlEvents
    let sources: any ControlSources
    let options: ControlOptions
    let place: Allowance.Lease

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let stream: EventStream
        private let end: ContinuousClock.Instant
        private var beat: ContinuousClock.Instant
        /// After which to ask; nothing before the first page was sent.
        private var last: Int64?

        fileprivate init(_ stream: EventStream) {
            self.stream = stream
            end = .now + stream.options.streamTime
            beat = .now + stream.options.beatTime
        }

        mutating func next() async throws -> ByteBuffer? {
            guard let last else {
                self.last = stream.first.last
                // Readers come back after a second, unless they know better.
                return send("retry: 1000\n\n" + Self.text(stream.first))
            }
            while ContinuousClock.now < end, !Task.isShuttingDownGracefully {
                let page = try await stream.sources.events(after: last, limit: EventStream.page)
                self.last = page.last
                if !page.events.isEmpty { return send(Self.text(page)) }
                if ContinuousClock.now >= beat { return send(":\n\n") }
                try await Task.sleep(for: stream.options.eventTime)
            }
            return nil
        }

        private mutating func send(_ text: String) -> ByteBuffer {
            beat = .now + stream.options.beatTime
            return ByteBuffer(string: text)
        }

        private static func text(_ page: ControlEvents) -> String {
            page.events
                .map { event in
                    """
                    id: \(event.number)
                    event: \(event.kind.rawValue)
                    data: \(event.json.json)


                    """
                }
                .joined()
        }
    }
}
