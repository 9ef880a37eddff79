// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CMosquitto

/// The reason why a broker cannot be used now. No message holds a password.
typealias MQTTError = CodedError<MQTTErrorCode>

enum MQTTErrorCode: Sendable, Equatable {
    /// The broker cannot be reached, or the connection to it is lost.
    case connection
    /// TLS cannot be agreed on: most often the certificate is not trusted.
    case tls
    /// The broker does not accept this client.
    case refused
    /// What answers is no broker.
    case rubbish
    /// The broker does not answer in time.
    case timeout
    case system
}

extension CodedError where Kind == MQTTErrorCode {
    init(library: mosq_err_t, errno: Int32, call: String, at address: BrokerAddress, tls: [String]) {
        let broker = "the broker at \(address.text)"
        switch library {
        case MOSQ_ERR_TLS, MOSQ_ERR_TLS_HANDSHAKE:
            // The library's log lines hold what OpenSSL says.
            let reason = tls.last.map { "\($0)" } ?? "no reason is given"
            self.init(
                .tls,
                "no TLS with \(broker): \(printable(reason)); is its certificate for this name, and by an authority that the "
                    + "system or --ca trusts?", call: call)
        case MOSQ_ERR_EAI, MOSQ_ERR_LOOKUP:
            self.init(.connection, "\(quoted(address.host)) is not known: no host of this name was found", call: call)
        case MOSQ_ERR_PROTOCOL, MOSQ_ERR_MALFORMED_PACKET, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_PAYLOAD_SIZE,
            MOSQ_ERR_OVERSIZE_PACKET, MOSQ_ERR_NOT_SUPPORTED, MOSQ_ERR_QOS_NOT_SUPPORTED:
            self.init(.rubbish, "what answers at \(address.text) does not speak MQTT", call: call)
        case MOSQ_ERR_KEEPALIVE: self.init(.timeout, "\(broker) does not answer", call: call)
        case MOSQ_ERR_CONN_LOST, MOSQ_ERR_NO_CONN, MOSQ_ERR_CONN_REFUSED:
            self.init(.connection, "\(broker) closed the connection", call: call)
        case MOSQ_ERR_ERRNO where errno == 0:
            self.init(.connection, "\(broker) closed the connection", call: call)
        case MOSQ_ERR_ERRNO:
            self.init(.connection, "cannot connect to \(broker): \(systemMessage(errno))", call: call, errno: errno)
        default:
            let text = mosquitto_strerror(Int32(library.rawValue)).map { String(cString: $0) } ?? "error"
            self.init(.system, "\(broker): \(text)", call: call, errno: Int32(library.rawValue))
        }
    }
}
