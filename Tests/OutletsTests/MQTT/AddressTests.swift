// SPDX-License-Identifier: GPL-3.0-or-later

import TestSupport
import Testing

@testable import genred_outlet

struct BrokerAddressTests {
    @Test func `the three kinds of URL are read`() throws {
        let plain = try BrokerAddress("mqtt://broker.lan")
        #expect(plain.transport == .tcp && plain.host == "broker.lan" && plain.port == 1883 && plain.user == nil)
        let secure = try BrokerAddress("mqtts://me:a%40b%3A@[::1]:1234/")
        #expect(secure.transport == .tls && secure.host == "::1" && secure.port == 1234)
        #expect(secure.user == "me" && secure.password == "a@b:")
        #expect(secure.text == "mqtts://[::1]:1234")
        #expect(try BrokerAddress("mqtts://x").port == 8883)
        let local = try BrokerAddress("unix:/run/mosquitto.sock")
        #expect(
            local.transport == .unix && local.host == "/run/mosquitto.sock" && local.text == "unix:/run/mosquitto.sock")
    }

    @Test(arguments: [
        "", "broker.lan", "http://x", "mqtt:", "mqtt://", "mqtt://h:0", "mqtt://h:70000", "mqtt://h/topic", "unix:x",
        "unix:", "mqtt://h?x=SECRET", "mqtt://u:SECRET@h#x", "mqtt://:SECRET@h", "mqtt://u:SEC RET@h",
        "mqtt://u:SECRET@",
        "ws://u:SECRET@h",
    ])
    func `others are refused, without a secret in the error`(url: String) {
        let error = #expect(throws: OutletError.self) { try BrokerAddress(url) }
        #expect(error?.exit == .configuration)
        #expect(error?.lines.joined().contains("SEC") == false)
    }

    @Test func `no text is too strange`() {
        var random = SplitMix(state: 1)
        let alphabet = Array("mqtsunix:/@[]%0aé🎷?#\u{0}.1 ").map(String.init)
        for _ in 0..<20_000 {
            let start = ["", "mqtt://", "mqtts://", "unix:"].randomElement(using: &random)!
            let count = Int.random(in: 0..<20, using: &random)
            let text = start + (0..<count).map { _ in alphabet.randomElement(using: &random)! }.joined()
            guard let address = try? BrokerAddress(text) else { continue }
            #expect(!address.host.isEmpty && (0...65_535).contains(address.port))
        }
    }
}

struct TopicLevelTests {
    @Test(arguments: [
        ("Radio", "radio"), ("studio-2_b", "studio-2_b"), ("Küche (West)", "k_che_west_"), ("a.b", "a_b"),
        ("a/+/#b", "a_b"), ("jazz 🎷 bar", "jazz_bar"),
    ])
    func `a name becomes a level`(name: String, level: String) {
        #expect(TopicLevel.make(name) == level)
    }

    @Test func `every name has a level that every broker takes`() {
        var random = SplitMix(state: 2)
        for _ in 0..<20_000 {
            let scalars = (0..<Int.random(in: 0..<90, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0..<(Bool.random(using: &random) ? 128 : 0x1_F000), using: &random))
            }
            let level = TopicLevel.make(String(String.UnicodeScalarView(scalars)))
            #expect((1...TopicLevel.longest).contains(level.utf8.count))
            #expect(level.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_-".utf8.contains($0) })
        }
    }

    @Test func `names without a usable letter, and long ones, stay apart`() {
        let names = [
            "🎷", "🎸", "音楽", "ラジオ", "", "#", "+", String(repeating: "a", count: 90),
            String(repeating: "a", count: 91),
        ]
        #expect(Set(names.map(TopicLevel.make)).count == names.count)
    }

    @Test func `of two sources with one level the first is published, and the other never`() {
        let levels = SourceLevels(["Radio", "radio", "Kitchen"])
        #expect(levels.levels == ["Radio": "radio", "Kitchen": "kitchen"])
        #expect(levels.collisions.map(\.name) == ["radio"] && levels.collisions.first?.first == "Radio")
        #expect(levels.level(of: "radio") == nil)
        #expect(levels.level(of: "Radio") == "radio")
        #expect(levels.level(of: "Attic") == "attic")
        #expect(levels.level(of: "RADIO") == nil)
    }
}

struct EventDeliveryTests {
    @Test func `the position is the end of what is acknowledged without a gap`() {
        var delivery = EventDelivery(position: FeedPosition(instance: "i", seq: 10))
        for seq in 11...15 {
            delivery.sent(Int32(seq), position: FeedPosition(instance: "i", seq: seq), time: 0)
        }
        _ = delivery.acknowledged(13)
        _ = delivery.acknowledged(12)
        #expect(delivery.position?.seq == 10)
        _ = delivery.acknowledged(11)
        #expect(delivery.position?.seq == 13)
        _ = delivery.acknowledged(99)
        delivery.skipped(FeedPosition(instance: "i", seq: 16))
        #expect(delivery.position?.seq == 13)
        delivery.forget()
        #expect(delivery.position?.seq == 13 && delivery.hasRoom && delivery.isEmpty)
    }

    @Test func `twenty messages are in flight at most, and a removal is known when it is acknowledged`() {
        var delivery = EventDelivery(position: nil)
        for number in 0..<20 { delivery.sent(Int32(number), removed: "t\(number)", time: Double(number)) }
        #expect(!delivery.hasRoom)
        #expect(delivery.acknowledged(3) == "t3")
        #expect(delivery.oldest == 0)
        #expect(delivery.acknowledged(0) == "t0" && delivery.hasRoom)
    }
}

struct HomeAssistantTests {
    @Test func `no option comes twice, and the states come last`() {
        #expect(
            HomeAssistant.options(["jazz", "no-music", "jazz", "speech"])
                == ["jazz", "speech", "unsure", "silence", "no-music", "starting"])
    }
}
