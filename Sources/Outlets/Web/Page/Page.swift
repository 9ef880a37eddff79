// SPDX-License-Identifier: GPL-3.0-or-later

/// The web page. Its files lie beside this one. SwiftPM compiles them into the program (Package.swift), so that it needs
/// no files at run time.
enum Page {
    struct Asset: Sendable {
        let bytes: [UInt8]
        let contentType: String
    }

    /// Returns the file of a path, or nil if the page has no such file.
    static func asset(_ path: String) -> Asset? {
        switch path {
        case "/": Asset(bytes: PackageResources.index_html, contentType: "text/html; charset=utf-8")
        case "/style.css": Asset(bytes: PackageResources.style_css, contentType: "text/css; charset=utf-8")
        case "/icon.svg": Asset(bytes: PackageResources.icon_svg, contentType: "image/svg+xml")
        default: script(path).map { Asset(bytes: $0, contentType: "text/javascript; charset=utf-8") }
        }
    }

    private static func script(_ path: String) -> [UInt8]? {
        switch path {
        case "/app.js": PackageResources.app_js
        case "/cards.js": PackageResources.cards_js
        case "/changes.js": PackageResources.changes_js
        case "/feed.js": PackageResources.feed_js
        case "/palette.js": PackageResources.palette_js
        case "/strip.js": PackageResources.strip_js
        case "/text.js": PackageResources.text_js
        case "/timeline.js": PackageResources.timeline_js
        default: nil
        }
    }
}
