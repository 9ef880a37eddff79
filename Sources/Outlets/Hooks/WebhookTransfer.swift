// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import CCurl

/// One POST on its way. It belongs to a multi handle of libcurl, and to one thread.
final class WebhookTransfer {
    /// Milliseconds for all of it.
    static let timeout = 5000

    let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// libcurl writes its messages here while the handle lives.
    private let message: UnsafeMutablePointer<CChar>
    /// Bytes of the answer, which is not kept.
    private let answered: UnsafeMutablePointer<Int>

    /// Nil if no memory is left.
    init?(_ webhook: Webhook, _ delivery: HookDelivery) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        answered = .allocate(capacity: 1)
        answered.initialize(to: 0)
        let body = Array(delivery.body.utf8)
        guard add(headers: webhook.headers), add("Content-Type", "application/json"),
            add("Idempotency-Key", delivery.key), sign(body, webhook.secret), set(webhook, body)
        else { return nil }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        message.deallocate()
        answered.deallocate()
    }

    private func add(headers: [Webhook.Header]) -> Bool { headers.allSatisfy { add($0.name, $0.value) } }

    private func add(_ name: String, _ value: String) -> Bool {
        // What comes from the daemon may hold anything: a header is one line of visible ASCII.
        let clean = String(decoding: value.utf8.map { $0 < 32 || $0 == 127 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
        // A header without a value is written with a semicolon.
        guard let longer = curl_slist_append(headers, clean.isEmpty ? "\(name);" : "\(name): \(clean)") else {
            return false
        }
        headers = longer
        return true
    }

    private func sign(_ body: [UInt8], _ secret: [UInt8]?) -> Bool {
        guard let secret else { return true }
        return signature(of: body, key: secret).map { add("X-Genred-Signature", $0) } ?? false
    }

    private func set(_ webhook: Webhook, _ body: [UInt8]) -> Bool {
        var results = [
            curl_set_pointer(handle, CURLOPT_ERRORBUFFER, message),
            curl_set_string(handle, CURLOPT_URL, webhook.url),
            curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
            curl_set_string(handle, CURLOPT_USERAGENT, "genred/\(genredVersion)"),
            curl_set_number(handle, CURLOPT_POST, 1),
            curl_set_number(handle, CURLOPT_POSTFIELDSIZE, body.count),
            curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers),
            curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0),
            curl_set_number(handle, CURLOPT_TIMEOUT_MS, Self.timeout),
            curl_set_number(handle, CURLOPT_NOSIGNAL, 1),
            // A name server that hangs must not hold up the other requests when this one is given up.
            curl_set_number(handle, CURLOPT_QUICK_EXIT, 1),
            curl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1),
            curl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2),
            curl_discard_answer(handle, answered),
        ]
        // Copied, unlike CURLOPT_POSTFIELDS; the size is set above.
        results.append(
            body.withUnsafeBytes { bytes in
                curl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            })
        if let authorities = webhook.authorities {
            results.append(curl_set_string(handle, CURLOPT_CAINFO, authorities))
        }
        return results.allSatisfy { $0 == CURLE_OK }
    }

    /// What became of it, by libcurl's result.
    func outcome(_ result: CURLcode, _ webhook: Webhook) -> HookOutcome {
        switch result {
        case CURLE_OK, CURLE_WRITE_ERROR: return outcome(status: curl_status(handle))
        case CURLE_OPERATION_TIMEDOUT:
            return .retry("\(webhook.shownURL) does not answer within \(Self.timeout / 1000) s", after: 0)
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return .failed("\(webhook.shownURL) cannot be requested: \(String(cString: curl_easy_strerror(result)))")
        default:
            let detail = String(cString: message)
            let reason = detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
            return .retry("\(webhook.shownURL) cannot be reached: \(printable(reason))", after: 0)
        }
    }

    private func outcome(status: Int) -> HookOutcome {
        switch status {
        case 200..<300: .done
        case 300..<400: .failed("the server answers with a redirection (\(status)), which is not followed")
        case 408, 429, 500..<600:
            .retry("the server answers \(status)", after: Double(curl_retry_after(handle)))
        default: .failed("the server answers \(status)")
        }
    }
}
