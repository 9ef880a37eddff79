import Model

/// A model at work on a stream: what its network keeps of the frames, and what it said of the last window.
final class RunningModel {
    let model: GenreModel
    private let network: IncrementalNetwork
    private let window: UnsafeMutableBufferPointer<Float>
    private var hasWindow = false

    /// - Parameter step: frames from one window to the next, a divisor of the architecture's step, which is the default.
    init(model: GenreModel, step: Int? = nil) {
        self.model = model
        network = IncrementalNetwork(model: model, step: step)
        window = .allocate(capacity: model.labels.count)
        window.initialize(repeating: 0)
    }

    deinit { window.deallocate() }

    /// Frames from one window to the next.
    var step: Int { network.step }

    /// Each label's calibrated probability in the last window, if there was one.
    var lastWindow: UnsafeBufferPointer<Float>? { hasWindow ? UnsafeBufferPointer(window) : nil }

    func reset() {
        network.reset()
        hasWindow = false
    }

    func push(_ coefficients: UnsafePointer<Float>) {
        guard network.push(coefficients) else { return }
        hasWindow = true
        window.baseAddress!.update(from: network.logits.baseAddress!, count: window.count)
        model.calibrate(window)
    }

    /// As if it had heard the stream from its beginning: takes the frames of the last whole window on the grid of its
    /// own steps, and those after it. Nothing older counts, because the network sees a window at a time.
    func catchUp(with history: FrameHistory) {
        reset()
        let length = model.frontEnd.windowFrames
        let start = max(0, (history.count - length) / step * step)
        for index in start..<history.count { push(history.frame(index)) }
    }

    /// How many steps a stream of so many frames has made: they lie on the grid of the windows, before the first one
    /// too.
    func steps(after frames: Int) -> Int {
        let first = (model.frontEnd.windowFrames - 1) % step + 1
        return frames < first ? 0 : (frames - first) / step + 1
    }
}
