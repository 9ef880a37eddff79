// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where a broker listens, and who this program is to it.
struct BrokerAddress: Sendable, Equatable {
    enum Transport: Sendable, Equatable {
        case tcp, tls, unix
    }

    var transport: Transport
    /// The host's name or address, or the path of a Unix socket.
    var host: String
    /// 0 for a Unix socket.
    var port: Int
    var user: String?
    /// The password in the URL.
    var password: String?

    static let rule =
        "a broker's URL is mqtt://[USER@]HOST[:1883], mqtts://[USER@]HOST[:8883] with TLS, or unix:/PATH"

    /// Parses a URL. No error repeats any of it: it can hold a password.
    init(_ text: String) throws(OutletError) {
        func refuse(_ reason: String) -> OutletError {
            OutletError(.configuration, "--broker: \(reason); \(Self.rule)")
        }
        guard let url = URLComponents(string: text, encodingInvalidCharacters: false), let scheme = url.scheme else {
            throw refuse("this is not a URL, or it has a character that must be written as %XX")
        }
        guard url.query == nil, url.fragment == nil else {
            throw refuse("a URL with ? or # is not understood; in a password they are %3F and %23")
        }
        if scheme == "unix" {
            guard url.host ?? "" == "", url.path.hasPrefix("/"), url.user == nil else {
                throw refuse("after unix: comes the whole path of a socket")
            }
            let path = url.path
            guard path.utf8.count <= UnixSocket.longestPath, !path.utf8.contains(0) else {
                throw refuse("the path is too long for a socket")
            }
            (transport, host, port) = (.unix, path, 0)
            return
        }
        switch scheme {
        case "mqtt": (transport, port) = (.tcp, 1883)
        case "mqtts": (transport, port) = (.tls, 8883)
        default: throw refuse("its scheme must be mqtt, mqtts or unix")
        }
        guard let name = url.host, !name.isEmpty, url.path.isEmpty || url.path == "/" else {
            throw refuse(url.path.isEmpty ? "a host is missing" : "after the host comes at most a port")
        }
        host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        if host.isEmpty { throw refuse("a host is missing") }
        if let given = url.port {
            guard (1...65_535).contains(given) else { throw refuse("a port is a number from 1 to 65535") }
            port = given
        }
        user = url.user
        password = url.password
        let parts = [host, user ?? "", password ?? ""]
        guard parts.allSatisfy({ !$0.utf8.contains(0) && $0.utf8.count <= 65_535 }) else {
            throw refuse("a NUL byte is in it, or a part is longer than MQTT allows")
        }
        if user == "" { user = nil }
        if password != nil, user == nil { throw refuse("MQTT has no password without a user") }
    }

    /// The address without the user and the password.
    var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return switch transport {
        case .tcp: "mqtt://\(name):\(port)"
        case .tls: "mqtts://\(name):\(port)"
        case .unix: "unix:\(host)"
        }
    }

    /// Takes the password from a file, if there is one: `file`, else the service's credential.
    mutating func usePassword(file: String?) throws(OutletError) {
        var path = file
        if path == nil, let folder = SocketPath.variable("CREDENTIALS_DIRECTORY") {
            let credential = "\(folder)/mqtt-password"
            // The unit's default, for a machine without such a file, is an empty line.
            if let bytes = try? readWholeFile(credential, limit: 65_536), !bytes.allSatisfy({ $0 == 10 || $0 == 13 }) {
                path = credential
            }
        }
        guard let path else { return }
        do {
            var bytes = try readWholeFile(path, limit: 65_536)
            while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty, !bytes.contains(0) else {
                throw OutletError(
                    .configuration, "the password file \(quoted(path)) must hold the password alone, as text")
            }
            guard user != nil else {
                throw OutletError(
                    .configuration,
                    "there is a password in \(quoted(path)), but no user; name it in the broker's URL: mqtt://USER@HOST"
                )
            }
            password = text
        } catch let error as OutletError {
            throw error
        } catch let error as FileError {
            throw OutletError(.configuration, "the password file \(quoted(path)): \(error)")
        } catch {
            throw OutletError(.configuration, "the password file \(quoted(path)): \(error)")
        }
    }
}
