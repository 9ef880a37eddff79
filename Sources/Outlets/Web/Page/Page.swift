// SPDX-License-Identifier: GPL-3.0-or-later

/// The web page. Its files lie beside this one and are compiled into the program, so that it needs none at run time.
enum Page {
    struct Asset: Sendable {
        let bytes: [UInt8]
        let contentType: String
    }

    /// Returns the file of a path, or nil if the page has no such file.
    static func asset(_ path: String) -> Asset? {
        switch path {
        case "/": Asset(bytes: PackageResources.index_html, contentType: "text/html; charset=utf-8")
        case "/app.js": Asset(bytes: PackageResources.app_js, contentType: "text/javascript; charset=utf-8")
        case "/style.css": Asset(bytes: PackageResources.style_css, contentType: "text/css; charset=utf-8")
        case "/icon.svg": Asset(bytes: PackageResources.icon_svg, contentType: "image/svg+xml")
        default: nil
        }
    }
}
