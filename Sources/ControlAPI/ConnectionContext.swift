import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// A request's context with its connection at hand, so that it can be ended after a refusal.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

extension Response {
    /// The last answer on a connection, which ends with it: nobody wants to read what else comes.
    init(
        last buffer: ByteBuffer,
        status: HTTPResponse.Status,
        headers: HTTPFields,
        on channel: any Channel
    ) {
        let body = ResponseBody(contentLength: buffer.readableBytes) { writer in
            try await writer.write(buffer)
            try await writer.finish(nil)
            try? await channel.close(mode: .output)
        }
        var headers = headers
        headers[.connection] = "close"
        self.init(status: status, headers: headers, body: body)
    }
}
