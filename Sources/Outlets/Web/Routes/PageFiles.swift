// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import NIOCore
import NIOHTTP1

/// The page's files as responses. A browser keeps them, and asks each time whether they are still the same.
final class PageFiles {
    private var files: [String: (asset: Page.Asset, body: ByteBuffer, tag: String)] = [:]

    /// - Parameter path: a path of the page; nil is returned for any other.
    func response(_ path: String, _ request: HTTPHeaders) -> WebResponse? {
        guard let file = file(path) else { return nil }
        let headers = [("ETag", file.tag), ("Cache-Control", "no-cache")]
        if request[canonicalForm: "if-none-match"].contains(where: {
            $0 == file.tag || $0 == "W/" + file.tag || $0 == "*"
        }) {
            return WebResponse(.notModified, file.asset.contentType, ByteBuffer(), headers: headers)
        }
        return WebResponse(.ok, file.asset.contentType, file.body, headers: headers)
    }

    private func file(_ path: String) -> (asset: Page.Asset, body: ByteBuffer, tag: String)? {
        if let file = files[path] { return file }
        guard let asset = Page.asset(path) else { return nil }
        // FNV-1a: it tells two versions of a file apart, and needs to do no more.
        let hash = asset.bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let file = (asset, ByteBuffer(bytes: asset.bytes), "\"\(String(hash, radix: 16))\"")
        files[path] = file
        return file
    }
}
