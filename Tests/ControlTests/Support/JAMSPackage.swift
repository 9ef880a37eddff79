// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestSupport

/// The `jams` package from PyPI, in a virtual environment beside the built programs that is made once.
enum JAMSPackage {
    private static let version = "0.3.5"
    private static let folder = Programs.built("jams-\(version)-venv")

    /// Its Python; nil where there is none, or no network to install the package from.
    static let python: String? = {
        guard Programs.has("python3", "flock") else { return nil }
        let python = "\(folder)/bin/python3"
        let script = """
            "\(python)" -c 'import jams' 2>/dev/null && exit
            rm -rf "\(folder)" && python3 -m venv "\(folder)" && "\(folder)/bin/pip" install -q "jams==\(version)"
            """
        // Other tests can need it at the same time.
        guard (try? Programs.run("/usr/bin/flock", ["\(folder).lock", "sh", "-c", script])) != nil else { return nil }
        return python
    }()
}
