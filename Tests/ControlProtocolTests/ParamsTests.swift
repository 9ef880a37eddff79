import ControlProtocol
import Testing

@Suite("Reading parameters")
struct ParamsTests {
    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch let error as RPCError where error.code == .invalidParams {
            return error.message
        } catch { return "another error" }
    }

    @Test("left out means the default")
    func defaults() throws {
        #expect(try CurrentParams([:]) == CurrentParams(source: nil))
        #expect(try SubscribeParams([:]) == SubscribeParams(source: nil, events: [.estimate, .change, .state]))
        #expect(try HistoryParams([:]) == HistoryParams(source: nil, since: nil, limit: 100))
        #expect(try NoParams([:]) == NoParams())
        #expect(try HistoryParams(["source": .null, "since": .null, "limit": .null]) == HistoryParams())
    }

    @Test("what is given is taken")
    func given() throws {
        #expect(try CurrentParams(["source": .string("radio")]).source == "radio")
        #expect(
            try SubscribeParams(["events": .array([.string("state"), .string("change"), .string("state")])]).events
                == [.change, .state])
        #expect(try HistoryParams(["since": .integer(3600), "limit": .integer(7)]).since == .ago(3600))
        let time = try #require(Timestamp(rfc3339: "2026-01-31T08:00:00Z"))
        #expect(try HistoryParams(["since": .string("2026-01-31T08:00:00Z")]).since == .time(time))
    }

    @Test("parameters survive their own encoding")
    func roundTrip() throws {
        let history = HistoryParams(source: "a", since: .ago(1.5), limit: 10_000)
        #expect(try HistoryParams(history.members) == history)
        let subscribe = SubscribeParams(source: "a", events: [.change])
        #expect(try SubscribeParams(subscribe.members) == subscribe)
    }

    @Test("each mistake gets a message that says what to do")
    func mistakes() {
        #expect(message { _ = try CurrentParams(["source": .integer(1)]) }.contains("name of a source"))
        #expect(message { _ = try CurrentParams(["sorce": .string("a")]) } == #"no parameter "sorce"; there is source"#)
        #expect(message { _ = try NoParams(["a": .null]) }.contains("takes none"))
        #expect(message { _ = try SubscribeParams(["events": .string("change")]) }.contains("a list of"))
        #expect(message { _ = try SubscribeParams(["events": .array([.string("chnage")])]) }.contains(#""chnage""#))
        #expect(message { _ = try SubscribeParams(["events": .array([])]) }.contains("empty"))
        #expect(message { _ = try HistoryParams(["limit": .integer(0)]) }.contains("from 1 to 10000"))
        #expect(message { _ = try HistoryParams(["limit": .number(1.5)]) }.contains("whole number"))
        #expect(message { _ = try HistoryParams(["limit": .number(1e300)]) }.contains("whole number"))
        #expect(message { _ = try HistoryParams(["since": .string("yesterday")]) }.contains("2026-01-31T08:00:00Z"))
        #expect(message { _ = try HistoryParams(["since": .integer(-1)]) }.contains("not negative"))
        #expect(message { _ = try HistoryParams(["since": .bool(true)]) }.contains("true or false"))
    }
}
