// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Glibc
import Logging
import TestSupport
import Testing

@testable import Reporting
@testable import genred

struct LogTests {
    private let ends: [Int32]

    init() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        self.ends = ends
    }

    private func logger(isJournal: Bool = false, level: SharedLevel = SharedLevel(.info)) -> Logger {
        let output = StandardError(descriptor: ends[1])
        return Logger(label: "x") { _ in LineLog(output: output, isJournal: isJournal, level: level) }
    }

    private func written() -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(ends[0], &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    @Test func `lines for people begin with time and level`() {
        logger().info("radio: jazz -> rock")
        #expect(written().wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info radio: jazz -> rock\n/) != nil)
    }

    @Test func `lines for the journal have its level prefix and no time`() {
        let log = logger(isJournal: true)
        log.info("a")
        log.notice("b")
        log.warning("c")
        log.error("d")
        log.critical("e")
        #expect(written() == "<6>a\n<5>b\n<4>c\n<3>d\n<2>e\n")
    }

    @Test func `one event is one line, whatever its text contains`() {
        logger(isJournal: true).info("a\nb\r\nc\u{85}d\u{2028}e\u{1B}[31mf\u{9B}")
        #expect(written() == "<6>a b c d e [31mf \n")
    }

    @Test func `a reload changes the level of every copy`() {
        let level = SharedLevel(.info)
        let log = logger(isJournal: true, level: level)
        let copy = log
        log.debug("unseen")
        level.value = .debug
        copy.debug("seen")
        #expect(written() == "<7>seen\n")
    }

    @Test func `a reader that does not read costs lines, which are counted, but no time`() throws {
        let log = logger(isJournal: true)
        let start = ContinuousClock.now
        for index in 0..<20_000 { log.info("line \(index)") }
        #expect(start.duration(to: .now) < .seconds(5))
        let kept = written().split(separator: "\n").count
        log.info("again")
        #expect(written() == "<4>\(20_000 - kept) log lines were lost before this one\n<6>again\n")
    }

    /// Writes three lines to an output that takes none. Returns the counts of lost lines that it reports meanwhile.
    private func linesLost(by output: StandardError) -> [Int] {
        var lost: [Int] = []
        for _ in 0..<3 {
            output.write(
                "lost\n",
                lostLine: {
                    lost.append($0)
                    return ""
                })
        }
        return lost
    }

    @Test func `a reader that is gone does not stop the log`() {
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
        let output = StandardError(descriptor: ends[1])
        #expect(linesLost(by: output) == [1, 2], "lines that nobody reads are counted")
    }

    @Test func `a full disk does not stop the log`() {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        let output = StandardError(descriptor: full)
        #expect(linesLost(by: output) == [1, 2], "lines that the disk refuses are counted")
    }

    @Test func `the journal is recognized by systemd's JOURNAL_STREAM`() {
        var status = stat()
        fstat(ends[1], &status)
        let output = StandardError(descriptor: ends[1])
        #expect(output.isJournal("\(status.st_dev):\(status.st_ino)"))
        for other in [nil, "", "1", "1:2", "x:y", "\(status.st_dev):\(status.st_ino):1"] {
            #expect(!output.isJournal(other))
        }
    }
}

struct ServiceNotificationTests {
    @Test(arguments: [false, true])
    func `notifications reach the service manager by path and by abstract name`(isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@genred-test-\(getpid())" : folder.file("notify")
        let descriptor = UnixSocket.open(SOCK_DGRAM)
        defer { close(descriptor) }
        let address = isAbstract ? "\0" + name.dropFirst() : name
        #expect(UnixSocket.withAddress(address) { bind(descriptor, $0, $1) } == 0)
        let notification = ServiceNotification(path: name)
        notification.ready("1 source")
        notification.stopping()
        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 1000)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
        }
        #expect(next() == "READY=1\nSTATUS=1 source")
        #expect(next() == "STOPPING=1")
        notification.reloading()
        #expect(next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a service manager that does not read holds up nobody`() throws {
        let folder = try TemporaryFolder()
        let manager = try NotifySocket(folder.file("notify"))
        let notification = ServiceNotification(path: manager.path)
        // More than a socket holds.
        for number in 0..<2000 { notification.status("\(number)") }
        notification.stopping()
        #expect(!manager.take().isEmpty)
        notification.stopping()
        #expect(manager.take() == ["STOPPING=1"])
    }

    @Test func `notifications without a service manager do nothing`() {
        #expect(!ServiceNotification(path: nil).hasReceiver)
        ServiceNotification(path: nil).stopping()
        ServiceNotification(path: "/nowhere/at/all").stopping()
        ServiceNotification(path: String(repeating: "x", count: 1000)).stopping()
    }
}
