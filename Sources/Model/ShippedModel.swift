// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Foundation

extension GenreModel {
    /// Possible paths of the shipped model, in order of preference: beside the program (a build folder), or in the
    /// share folder of the installation's prefix.
    static func shippedCandidates(executable: String) -> [String] {
        let folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        return [
            folder.appendingPathComponent("genred_Model.resources/default.safetensors").path,
            folder.deletingLastPathComponent().appendingPathComponent("share/genred/default.safetensors").path,
        ]
    }

    /// The path of the model that ships with the program.
    package static func shippedPath() throws(ModelError) -> String {
        // Not Bundle.module: it ends the process when the file is missing.
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "genred"
        let candidates = shippedCandidates(executable: executable)
        guard let path = candidates.first(where: { FileManager.default.isReadableFile(atPath: $0) }) else {
            throw ModelError(
                .cannotRead,
                "the shipped model is missing: neither \(candidates.joined(separator: " nor ")) can be read")
        }
        return path
    }

    /// The model that ships with the program.
    package static func shipped() throws(ModelError) -> GenreModel {
        try GenreModel(contentsOf: shippedPath())
    }
}
