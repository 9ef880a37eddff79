// SPDX-License-Identifier: GPL-3.0-or-later

import CCrypto

/// The signature of a request's body: `sha256=` and the HMAC-SHA256 (RFC 2104) in hexadecimal digits.
func signature(of body: [UInt8], key: [UInt8]) -> String? {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard HMAC(EVP_sha256(), key, Int32(key.count), body, body.count, &digest, &count) != nil else { return nil }
    let digits = Array("0123456789abcdef".utf8)
    let hex = digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return "sha256=" + String(decoding: hex, as: UTF8.self)
}
