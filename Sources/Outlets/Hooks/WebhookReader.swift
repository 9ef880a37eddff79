// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl
import Glibc
import StrictYAML
import Yams

/// Reads the keys of a webhook. No message shows a URL, a header's value or what a file holds: they may be secret.
struct WebhookReader {
    static let options = ["secret-file", "headers", "ca-file"]
    /// Headers that genred sets itself, and those that would change how the request is sent.
    private static let reserved = [
        "connection", "content-length", "content-type", "expect", "host", "idempotency-key", "te", "trailer",
        "transfer-encoding", "upgrade", "x-genred-signature",
    ]
    private static let mostHeaders = 20

    let reader: MappingReader
    let files: HookFiles

    private var problems: ProblemCollector { reader.problems }

    /// Nil if the rule has no webhook, or a wrong one.
    func webhook() -> Webhook? {
        let url = url()
        let secret = reader.node("secret-file").flatMap { self.secret($0, "secret-file") }
        let headers = headers()
        let authorities = authorities()
        guard let url else { return nil }
        return Webhook(
            url: url.text, shownURL: url.shown, secret: secret.map { Array($0.utf8) }, headers: headers,
            authorities: authorities)
    }

    private func url() -> (text: String, shown: String)? {
        let (inline, file) = (reader.node("url"), reader.node("url-file"))
        guard let node = file ?? inline else { return nil }
        let text: String
        if file != nil {
            guard let line = secret(node, "url-file") else { return nil }
            text = line
        } else {
            guard let inline = node.text, !node.isEmptyScalar else {
                problems.report("url must be an address such as https://example.org/hook, not \(node.kind)", at: node)
                return nil
            }
            text = inline
        }
        switch WebhookURL.check(text) {
        case .success(let shown): return (text, shown)
        case .failure(let problem):
            problems.report("\(file == nil ? "url" : "the address in url-file") \(problem.message)", at: node)
            return nil
        }
    }

    private func secret(_ node: Node, _ key: String) -> String? {
        guard let path = node.text, !node.isEmptyScalar else {
            problems.report("\(key) must be the path of a file, not \(node.kind)", at: node)
            return nil
        }
        do throws(HookFileError) {
            return try files.secret(path)
        } catch {
            problems.report("\(key): \(error.message)", at: node)
            return nil
        }
    }

    private func headers() -> [Webhook.Header] {
        guard let node = reader.node("headers") else { return [] }
        guard case .mapping(let mapping) = node else {
            problems.report("headers must be a mapping of names to values, not \(node.kind)", at: node)
            return []
        }
        guard mapping.count <= Self.mostHeaders else {
            problems.report("\(mapping.count) headers; at most \(Self.mostHeaders) are allowed", at: node)
            return []
        }
        var headers: [Webhook.Header] = []
        for (key, value) in mapping {
            guard let name = key.text, Self.isToken(name) else {
                problems.report("the name of a header has letters, digits and dashes", at: key)
                continue
            }
            if Self.reserved.contains(name.lowercased()) {
                problems.report("genred sets the header \(name) itself", at: key)
            } else if headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
                problems.report("the header \(name) appears twice", at: key)
            } else if let text = headerValue(value, name) {
                headers.append(Webhook.Header(name: name, value: text))
            }
        }
        return headers
    }

    private func headerValue(_ node: Node, _ name: String) -> String? {
        let text: String?
        if case .mapping = node {
            guard
                let value = MappingReader(node, name: "headers.\(name)", prefix: "headers.\(name).", problems: problems)
            else { return nil }
            let file = value.node("file")
            value.finish()
            guard let file else {
                problems.report("headers.\(name) must be a value, or {file: PATH}", at: node)
                return nil
            }
            text = secret(file, "headers.\(name).file")
        } else {
            guard let inline = node.text, !node.isEmptyScalar else {
                problems.report("headers.\(name) must be a value, or {file: PATH}, not \(node.kind)", at: node)
                return nil
            }
            text = inline
        }
        guard let text else { return nil }
        guard text.utf8.count <= HookFiles.longest, text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            problems.report("headers.\(name) must be one line of at most \(HookFiles.longest) bytes", at: node)
            return nil
        }
        return text
    }

    private static func isToken(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private func authorities() -> String? {
        guard let node = reader.node("ca-file") else { return nil }
        guard let text = node.text, !node.isEmptyScalar else {
            problems.report("ca-file must be the path of a file of certificates, not \(node.kind)", at: node)
            return nil
        }
        let path = files.path(text)
        guard access(path, R_OK) == 0 else {
            problems.report("ca-file: cannot read \(path): \(systemMessage(errno))", at: node)
            return nil
        }
        return path
    }
}

/// The address of a webhook.
enum WebhookURL {
    struct Problem: Error {
        var message: String
    }

    private static let longest = 4096

    /// Checks an address, and returns the part of it that may be shown: scheme, host and port.
    ///
    /// - Returns: or what is wrong with it, to be read after its name.
    static func check(_ text: String) -> Result<String, Problem> {
        func failure(_ message: String) -> Result<String, Problem> { .failure(Problem(message: message)) }
        guard text.utf8.count <= longest else { return failure("is longer than \(longest) bytes") }
        // As strict as RFC 3986: libcurl would cut or repair some of these.
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            return failure("must be ASCII without spaces; write other characters as %XX")
        }
        guard let url = curl_url() else { return failure("cannot be checked: no memory is left") }
        defer { curl_url_cleanup(url) }
        let result = curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME))
        guard result == CURLUE_OK, let scheme = part(url, CURLUPART_SCHEME), let host = part(url, CURLUPART_HOST),
            !host.isEmpty
        else { return failure("is not an address such as https://example.org/hook") }
        guard scheme == "https" || scheme == "http" else {
            return failure("must begin with https:// or http://, not \(quoted("\(scheme):"))")
        }
        guard part(url, CURLUPART_USER) == nil, part(url, CURLUPART_PASSWORD) == nil else {
            return failure(
                "has a user or a password in it; send them in a header: headers: {Authorization: {file: PATH}}")
        }
        guard part(url, CURLUPART_FRAGMENT) == nil else { return failure("has a #fragment, which is never sent") }
        let port = part(url, CURLUPART_PORT).map { ":\($0)" } ?? ""
        return .success("\(scheme)://\(printable(host))\(port)")
    }

    /// Whether what is sent can be read on the way.
    static func isExposed(_ shownURL: String) -> Bool {
        guard shownURL.hasPrefix("http://") else { return false }
        let host = shownURL.dropFirst("http://".count)
        let local = ["localhost", "127.", "[::1]"]
        return !local.contains { host.hasPrefix($0) }
    }

    private static func part(_ url: OpaquePointer, _ part: CURLUPart) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
