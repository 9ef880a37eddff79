// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl
import Glibc

/// What a request sends besides its URL.
struct RequestOptions: Sendable, Equatable {
    var agent: String
    var headers: [String]
    var authorities: String?
    /// Whether titles are asked for.
    var asksForTitles = false
    /// The bytes of the file that are wanted, as HTTP's Range has it.
    var range: String?
}

/// One GET on its way. What has come waits in it, up to a limit, beyond which the server has to wait. It belongs to one
/// thread.
final class Transfer {
    /// Seconds until the server has to answer.
    static let patience = 10.0

    /// The answer's first line and the headers that matter.
    struct Answer: Sendable, Equatable {
        var status = 0
        var reason = ""
        var type = ""
        var location: String?
        var length: Int?
        var titleInterval: Int?
        var bitRate: String?
    }

    let url: StationURL
    /// When it was begun.
    let start: Double
    /// Nil until the headers are complete.
    private(set) var answer: Answer?
    /// What has come and was not taken.
    private(set) var received: [UInt8] = []
    /// The bytes of all that has come.
    private(set) var total = 0
    /// When something came last.
    private(set) var lastProgress: Double
    /// Libcurl's result, once it is over.
    private(set) var result: CURLcode?

    private let multi: TransferGroup
    private let handle: UnsafeMutableRawPointer
    private var list: UnsafeMutablePointer<curl_slist>?
    private var aliases: UnsafeMutablePointer<curl_slist>?
    /// libcurl writes its messages here while the handle lives.
    private let message: UnsafeMutablePointer<CChar>
    private var limit: Int
    private var isPaused = false
    private var reading = Answer()
    private var headerBytes = 0

    /// - Parameter limit: the bytes that wait in it at most.
    init(
        _ url: StationURL, _ options: RequestOptions, limit: Int = 64 * 1024, in multi: TransferGroup, at now: Double
    ) throws(StationFailure) {
        guard let handle = curl_easy_init() else { throw StationFailure("no memory is left") }
        self.url = url
        self.multi = multi
        self.handle = handle
        self.limit = limit
        start = now
        lastProgress = now
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        for header in options.headers + (options.asksForTitles ? ["Icy-MetaData: 1"] : []) {
            list = curl_slist_append(list, header)
        }
        aliases = curl_slist_append(nil, "ICY 200 OK")
        guard set(options) else { throw StationFailure("libcurl refuses the request to \(url.shown)") }
        multi.add(handle, self)
    }

    deinit {
        multi.remove(handle)
        curl_easy_cleanup(handle)
        curl_slist_free_all(list)
        curl_slist_free_all(aliases)
        message.deallocate()
    }

    private func set(_ options: RequestOptions) -> Bool {
        var results = [
            curl_set_pointer(handle, CURLOPT_ERRORBUFFER, message),
            curl_set_string(handle, CURLOPT_URL, url.text),
            curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
            curl_set_string(handle, CURLOPT_USERAGENT, options.agent),
            curl_set_pointer(handle, CURLOPT_HTTPHEADER, list),
            curl_set_pointer(handle, CURLOPT_HTTP200ALIASES, aliases),
            // HTTP/2 has nothing for one answer at a time.
            curl_set_number(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            // `Resolution` follows redirects, so that a password goes only where it belongs.
            curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0),
            curl_set_number(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(Self.patience * 1000)),
            curl_set_number(handle, CURLOPT_NOSIGNAL, 1),
            // A name server that hangs must not hold up the end.
            curl_set_number(handle, CURLOPT_QUICK_EXIT, 1),
            curl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1),
            curl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2),
            // A connection that breaks without a word is noticed, even while the reader is slow.
            curl_set_number(handle, CURLOPT_TCP_KEEPALIVE, 1),
            curl_set_receivers(handle, Self.receiveHeader, Self.receiveBody, Unmanaged.passUnretained(self).toOpaque()),
        ]
        if let user = url.user {
            results.append(curl_set_string(handle, CURLOPT_USERNAME, user))
            results.append(curl_set_string(handle, CURLOPT_PASSWORD, url.password ?? ""))
            results.append(curl_set_number(handle, CURLOPT_HTTPAUTH, curl_basic_or_digest))
        }
        if let range = options.range { results.append(curl_set_string(handle, CURLOPT_RANGE, range)) }
        if let file = options.authorities { results.append(curl_set_string(handle, CURLOPT_CAINFO, file)) }
        return results.allSatisfy { $0 == CURLE_OK }
    }

    // MARK: What comes

    /// Tells libcurl to call again later with the same bytes (CURL_WRITEFUNC_PAUSE).
    private static let pause = 0x1000_0001

    // libcurl calls these with the transfer as their context, which lives until after the handle is gone.
    private static let receiveHeader: curl_bytes_receiver = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return transfer.readHeader(line) ? line.count : 0
    }

    private static let receiveBody: curl_bytes_receiver = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return transfer.take(in: piece) ? piece.count : pause
    }

    /// Returns false where there is no end of headers.
    private func readHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        lastProgress = monotonicSeconds()
        headerBytes += bytes.count
        guard headerBytes <= 256 * 1024 else { return false }
        let line = StationText.trimmed(StationText.decode(bytes))
        if line.hasPrefix("HTTP/") || line.hasPrefix("ICY ") {
            // Each answer begins anew: one that asks for a password is followed by another.
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            reading = Answer()
            reading.status = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
            reading.reason = parts.count > 2 ? printable(String(parts[2].unicodeScalars.prefix(60))) : ""
        } else if let colon = line.firstIndex(of: ":") {
            let value = StationText.trimmed(String(line[line.index(after: colon)...]))
            switch line[..<colon].lowercased() {
            case "content-type": reading.type = value
            case "location": reading.location = value
            case "content-length": reading.length = Int(value)
            case "icy-metaint": reading.titleInterval = Int(value)
            case "icy-br": reading.bitRate = value
            default: break
            }
        } else if line.isEmpty {
            // The answer that asks for a password is not the last one, unless the password was refused.
            let isQuestion = reading.status == 401 && url.user != nil && answer == nil
            if reading.status >= 200, !isQuestion { answer = reading }
        }
        return true
    }

    private func take(in piece: UnsafeRawBufferPointer) -> Bool {
        // A piece has at most 16 KiB.
        if !received.isEmpty, received.count + piece.count > limit {
            isPaused = true
            return false
        }
        if answer == nil { answer = reading }
        lastProgress = monotonicSeconds()
        received.append(contentsOf: piece)
        total += piece.count
        return true
    }

    /// Takes all that has come.
    func takeReceived() -> [UInt8] {
        defer {
            received.removeAll(keepingCapacity: true)
            resume()
        }
        return received
    }

    /// Changes the bytes that wait at most.
    func setLimit(_ bytes: Int) {
        limit = bytes
        if received.count < limit { resume() }
    }

    /// Whether more has come than may wait.
    var isFull: Bool { isPaused }

    private func resume() {
        guard isPaused, result == nil else { return }
        isPaused = false
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// Called when it is over.
    func finish(_ code: CURLcode) {
        result = code
        // An answer without a body, or one that asks for a password and gets none.
        if answer == nil, reading.status >= 200 { answer = reading }
    }

    // MARK: What went wrong

    /// Throws what went wrong before the headers: the system's, libcurl's or the time limit's reason.
    func check(at now: Double) throws(StationFailure) {
        if let result, result != CURLE_OK, answer == nil || result != CURLE_PARTIAL_FILE { throw failure(result) }
        if answer == nil, result == nil, now - start > Self.patience {
            throw StationFailure("\(url.host) does not answer within \(Int(Self.patience)) s")
        }
    }

    /// The reason of a result, the same each time that the same happens.
    private func failure(_ result: CURLcode) -> StationFailure {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST:
            return StationFailure("no address is known for the host \(quoted(url.host))")
        case CURLE_COULDNT_CONNECT:
            let number = Int32(truncatingIfNeeded: curl_system_error(handle))
            let reason = number == 0 ? "it does not answer" : systemMessage(number)
            return StationFailure("cannot connect to \(url.host): \(reason)")
        case CURLE_OPERATION_TIMEDOUT:
            return StationFailure("\(url.host) does not answer within \(Int(Self.patience)) s")
        case CURLE_GOT_NOTHING: return StationFailure("\(url.host) closed the connection without an answer")
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE:
            return StationFailure("\(url.host) dropped the connection")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2, CURLE_WEIRD_SERVER_REPLY, CURLE_WRITE_ERROR:
            return StationFailure("\(url.host) does not answer in HTTP")
        case CURLE_PEER_FAILED_VERIFICATION:
            let detail = printable(String(cString: message))
            return StationFailure("the certificate of \(url.host) is not trusted\(detail.isEmpty ? "" : ": \(detail)")")
        default: return StationFailure("\(url.host): \(String(cString: curl_easy_strerror(result)))")
        }
    }

    /// What a status says that is no success; nil if it is one.
    var refusal: String? {
        guard let answer, !(200..<300).contains(answer.status) else { return nil }
        let reason = answer.reason.isEmpty ? Self.usualReasons[answer.status] ?? "" : answer.reason
        let text = reason.isEmpty ? "status \(answer.status)" : "\(answer.status) \(reason)"
        switch answer.status {
        case 401 where url.user == nil: return "\(text): the station wants a user and a password"
        case 401: return "\(text): user or password is wrong"
        default: return text
        }
    }

    private static let usualReasons = [
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 410: "Gone",
        429: "Too Many Requests", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
