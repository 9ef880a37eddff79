// SPDX-License-Identifier: GPL-3.0-or-later

import Capture
import Model
import Streaming

@testable import genred

extension AnalysisSettings {
    /// The shipped model and the daemon's defaults.
    static func usual() throws -> AnalysisSettings {
        AnalysisSettings(model: try GenreModel.shipped(), updateInterval: 0.24, estimator: EstimatorParameters())
    }
}

extension StreamFormat {
    static func mono(_ rate: Int = 22_050) -> StreamFormat {
        StreamFormat(sampleRate: rate, channels: 1, encoding: "float", device: "test")
    }
}
