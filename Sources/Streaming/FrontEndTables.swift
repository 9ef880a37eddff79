// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model

/// Constant tables of the front end's stages. All streams share them.
struct FrontEndTables: Sendable {
    /// [frameLength]: the periodic Hann function.
    let taper: [Float]
    let filterbank: MelFilterbank
    let cosine: CosineTransform
    /// Of a hop.
    let audiblePower: AudiblePower

    static func of(_ frontEnd: FrontEnd) -> FrontEndTables {
        frontEnd == .version1 ? version1 : FrontEndTables(frontEnd)
    }

    private static let version1 = FrontEndTables(.version1)

    private init(_ frontEnd: FrontEnd) {
        let length = frontEnd.frameLength
        taper = (0..<length).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(length))) }
        filterbank = MelFilterbank(frontEnd: frontEnd)
        cosine = CosineTransform(frontEnd: frontEnd)
        audiblePower = AudiblePower(count: frontEnd.hopLength)
    }
}
