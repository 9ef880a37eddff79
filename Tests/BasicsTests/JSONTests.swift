// SPDX-License-Identifier: GPL-3.0-or-later

import Testing

@testable import Basics

struct JSONTests {
    struct Inner: Codable, Equatable {
        var speed = 0.5
        var mode = "slow"
    }

    struct Outer: Codable, Equatable {
        var count = 3
        var on = false
        var list = [1, 2]
        var inner = Inner()
    }

    private func decode(_ text: String, whole: Set<String> = []) throws -> Outer {
        try JSON.decode(Array(text.utf8), over: Outer(), whole: whole)
    }

    @Test func `an absent key keeps its default`() throws {
        var expected = Outer()
        expected.inner.speed = 2
        expected.list = [7]
        #expect(try decode(#"{"inner": {"speed": 2}, "list": [7]}"#) == expected)
        #expect(try decode("{}") == Outer())
        #expect(try decode(#"{"count": 4.0}"#).count == 4)
    }

    @Test(arguments: [
        (#"{"cuont": 1}"#, "unknown key 'cuont'; known: count, inner, list, on"),
        (#"{"inner": {"sped": 1}}"#, "unknown key 'sped' in 'inner'; known: mode, speed"),
        (#"{"inner": 1}"#, "'inner' must be an object"), ("[]", "the file must be an object"), ("{", "not JSON"),
        (#"{"count": "3"}"#, "'count' must be a whole number"), (#"{"on": 1}"#, "'on' must be a boolean"),
        (#"{"inner": {"speed": "a"}}"#, "'inner.speed' must be a number"),
        (#"{"list": [1, "b"]}"#, "'list[1]' must be a"),
        (#"{"count": 1.5}"#, "has a fraction where a whole one is needed"),
    ])
    func `a value that does not fit is refused with its place`(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try decode(text) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `a key that is replaced as a whole takes no defaults`() {
        let error = #expect(throws: JSONError.self) { try decode(#"{"inner": {"speed": 2}}"#, whole: ["inner"]) }
        #expect(error?.message == "'inner' lacks 'mode'")
    }

    @Test func `any JSON value is read and written back`() throws {
        let text = #"{"a":[1,2.5,true,null,"x/y"],"b":{"c":-9007199254740993}}"#
        #expect(try JSON.text(JSON.decode(JSONValue.self, from: Array(text.utf8))) == text)
    }
}
