// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CMosquitto
import Glibc

/// One connection to a broker, by libmosquitto without its thread: the caller polls `descriptor`. It connects once. The
/// outlet makes another for the next attempt, so that nothing of an old connection waits in the library: it would keep
/// its messages and send them again without end, and it decides by itself when to connect again.
///
/// It is not Sendable: only one thread at a time may use it. The library calls back on that thread, inside `run`.
final class MQTTClient {
    enum Event {
        case connected
        /// Topics were subscribed to; those that were refused are listed by their place.
        case subscribed(refused: [Int])
        case acknowledged(Int32)
        case message(topic: String, payload: [UInt8], isRetained: Bool)
    }

    /// Seconds without traffic after which the broker is asked whether it is there. It publishes the will one and a half
    /// times as long after it has heard the last of this program.
    static let keepAlive: Int32 = 30
    /// The largest payload that is read.
    private static let largestPayload = 64 * 1024

    private let handle: OpaquePointer
    private let address: BrokerAddress
    private var events: [Event] = []
    /// What the broker's answer to the connection request says.
    private var refusal: Int32?
    /// What the library said about TLS.
    private var tlsErrors: [String] = []

    private static let initialized: Void = { _ = mosquitto_lib_init() }()

    init(
        _ address: BrokerAddress, id: String, authority: String?, willTopic: String, will: String
    ) throws(MQTTError) {
        _ = Self.initialized
        self.address = address
        guard let handle = mosquitto_new(id, true, nil) else {
            throw MQTTError(.system, systemMessage(errno), call: "mosquitto_new", errno: errno)
        }
        self.handle = handle
        // The object lives as long as the handle, which its deinit destroys.
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        setCallbacks()
        try check(mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, Int32(MQTT_PROTOCOL_V311)), "options")
        // Each message goes out at once.
        try check(mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1), "options")
        try check(
            mosquitto_will_set(handle, willTopic, Int32(will.utf8.count), will, 1, true), "mosquitto_will_set")
        if let user = address.user {
            try check(mosquitto_username_pw_set(handle, user, address.password), "mosquitto_username_pw_set")
        }
        guard address.transport == .tls else { return }
        if let authority {
            try check(mosquitto_tls_set(handle, authority, nil, nil, nil, nil), "mosquitto_tls_set")
        } else {
            try check(mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1), "options")
        }
    }

    deinit { mosquitto_destroy(handle) }

    /// Begins to connect. Only looking up the host's name waits.
    ///
    /// - Parameter attempt: counts the attempts: each takes the next of the host's addresses. The library would stay with
    ///   the first that does not refuse at once. With TLS it needs the name, and chooses by itself.
    func connect(attempt: Int) throws(MQTTError) {
        var host = address.host
        if address.transport == .tcp {
            let addresses = HostAddresses.numeric(of: host)
            if !addresses.isEmpty { host = addresses[attempt % addresses.count] }
        }
        let result = mosquitto_connect_async(handle, host, Int32(address.port), Self.keepAlive)
        try check(result, "mosquitto_connect_async")
    }

    /// The descriptor to poll; nil when the connection is closed.
    var descriptor: Int32? {
        let descriptor = mosquitto_socket(handle)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Whether something waits to be sent.
    var wantsToWrite: Bool { mosquitto_want_write(handle) }

    /// Reads and writes what can be, without waiting, and returns what has happened.
    ///
    /// - Throws: the reason why the connection is closed.
    func run(canRead: Bool, canWrite: Bool) throws(MQTTError) -> [Event] {
        events = []
        // Where there is an error to fetch, the socket is readable.
        // A beginning TLS goes on in the same call.
        if canRead || (refusal == nil && canWrite && address.transport == .tls) {
            var before: Int
            repeat {
                before = events.count
                try check(mosquitto_loop_read(handle, 1), "mosquitto_loop_read")
                // OpenSSL may hold more than one packet, which polling does not show.
            } while address.transport == .tls && events.count > before && events.count < 1000
        }
        if let refusal, refusal != 0 { throw refused(refusal) }
        if canWrite || wantsToWrite { try check(mosquitto_loop_write(handle, 1), "mosquitto_loop_write") }
        try check(mosquitto_loop_misc(handle), "mosquitto_loop_misc")
        guard descriptor != nil else { throw closed() }
        return events
    }

    /// Sends a message, and returns its number.
    func publish(
        _ topic: String, _ payload: [UInt8], atLeastOnce: Bool, isRetained: Bool
    ) throws(MQTTError) -> Int32 {
        var number: Int32 = 0
        let result = payload.withUnsafeBytes {
            mosquitto_publish(
                handle, &number, topic, Int32(payload.count), $0.baseAddress, atLeastOnce ? 1 : 0, isRetained)
        }
        try check(result, "mosquitto_publish")
        return number
    }

    func subscribe(_ topics: [String]) throws(MQTTError) {
        // The library reads the strings and keeps nothing of them.
        var strings: [UnsafeMutablePointer<CChar>?] = topics.map { strdup($0) }
        defer { for string in strings { free(string) } }
        let result = strings.withUnsafeMutableBufferPointer {
            mosquitto_subscribe_multiple(handle, nil, Int32(topics.count), $0.baseAddress, 1, 0, nil)
        }
        try check(result, "mosquitto_subscribe_multiple")
    }

    /// Says goodbye: the broker does not publish the will.
    func disconnect() { mosquitto_disconnect(handle) }

    // MARK: Callbacks

    private func setCallbacks() {
        mosquitto_connect_callback_set(handle) { _, object, code in
            MQTTClient.from(object)?.connected(code)
        }
        mosquitto_publish_callback_set(handle) { _, object, number in
            MQTTClient.from(object)?.events.append(.acknowledged(number))
        }
        mosquitto_subscribe_callback_set(handle) { _, object, _, count, granted in
            let codes = UnsafeBufferPointer(start: granted, count: granted == nil ? 0 : Int(max(0, count)))
            let refused = codes.indices.filter { codes[$0] > 2 }
            MQTTClient.from(object)?.events.append(.subscribed(refused: refused))
        }
        mosquitto_message_callback_set(handle) { _, object, message in
            guard let message = message?.pointee, let topic = message.topic else { return }
            let count = min(Int(message.payloadlen), MQTTClient.largestPayload)
            let payload = message.payload.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
            MQTTClient.from(object)?.events.append(
                .message(topic: String(cString: topic), payload: payload, isRetained: message.retain))
        }
        mosquitto_log_callback_set(handle) { _, object, level, text in
            guard level == Int32(MOSQ_LOG_ERR), let text, let client = MQTTClient.from(object) else { return }
            if client.tlsErrors.count < 4 { client.tlsErrors.append(String(cString: text)) }
        }
    }

    /// The client that a callback is for.
    private static func from(_ object: UnsafeMutableRawPointer?) -> MQTTClient? {
        object.map { Unmanaged<MQTTClient>.fromOpaque($0).takeUnretainedValue() }
    }

    private func connected(_ code: Int32) {
        refusal = code
        if code == 0 { events.append(.connected) }
    }

    // MARK: Errors

    private func check(_ result: Int32, _ call: String) throws(MQTTError) {
        let code = errno
        guard result != MOSQ_ERR_SUCCESS.rawValue, result != MOSQ_ERR_CONN_PENDING.rawValue else { return }
        if let refusal, refusal != 0 { throw refused(refusal) }
        throw MQTTError(library: mosq_err_t(result), errno: code, call: call, at: address, tls: tlsErrors)
    }

    private func refused(_ code: Int32) -> MQTTError {
        let text = address.text
        return switch code {
        case 1: MQTTError(.refused, "the broker at \(text) does not speak MQTT 3.1.1")
        case 2: MQTTError(.refused, "the broker at \(text) refuses the client identifier")
        case 3: MQTTError(.refused, "the broker at \(text) says that it is not available")
        case 4, 5:
            MQTTError(
                .refused,
                "the broker at \(text) refuses "
                    + (address.user == nil ? "clients without a user and a password" : "the user or the password"))
        default: MQTTError(.refused, "the broker at \(text) refuses the connection with the unknown code \(code)")
        }
    }

    private func closed() -> MQTTError {
        MQTTError(library: MOSQ_ERR_CONN_LOST, errno: 0, call: "mosquitto_loop_misc", at: address, tls: tlsErrors)
    }
}
