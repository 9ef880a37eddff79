import Foundation
import Testing

@Suite("To look at genrectl without a daemon")
struct TryTests {
    /// `GENRED_TRY=PATH[,SOURCES[,SECONDS]] swift test --filter TryTests` serves there, for an hour if not told.
    @Test(
        "serve the toy programme where GENRED_TRY says",
        .enabled(if: ProcessInfo.processInfo.environment["GENRED_TRY"] != nil))
    func serve() async throws {
        let words = ProcessInfo.processInfo.environment["GENRED_TRY"]?.split(separator: ",").map(String.init) ?? []
        var manner = ToyDaemon.Manner()
        manner.interval = 0.24
        manner.sources = Programme.sources(words.count > 1 ? Int(words[1]) ?? 1 : 1)
        let daemon = try ToyDaemon(manner, path: words.first)
        try await Task.sleep(for: .seconds(words.count > 2 ? Double(words[2]) ?? 3600 : 3600))
        daemon.stop()
    }
}
