// SPDX-License-Identifier: GPL-3.0-or-later

import ControlProtocol
import Foundation
import TestSupport
import Testing

/// The page in a real browser, of a real genred-outlet, of a real genred.
@Suite(.enabled(if: Browser.isInstalled, "chromium is not installed"), .timeLimit(.minutes(4))) struct PageTests {
    @Test func `the page shows what genred hears, within half a second, and nothing complains`() async throws {
        let daemon = try await FedDaemon(["radio", "Kitchen"])
        try await daemon.waitFor("silence")
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        try await browser.open(page.address, script: Self.stopwatch)
        try await browser.waitUntil("document.getElementById('connection').dataset.state === 'live'")
        #expect(try await browser.evaluate("document.querySelectorAll('#cards .card').length") == "2")
        #expect(try await browser.text("#cards .card .name") == "radio")
        #expect(try await browser.text("#cards .card .label") == "silence")
        #expect(try await browser.evaluate("document.title") == "silence · radio")

        for sound in [Feeder.Sound.noise, .silence, .noise, .silence] {
            daemon.play(sound)
            let isSilence = sound == .silence
            try await browser.waitUntil(
                "(document.querySelector('#cards .label').textContent === 'silence') === \(isSilence)")
        }
        try await browser.waitUntil("document.querySelector('#log .to').textContent === 'silence'")
        #expect(try await browser.evaluate("document.querySelectorAll('#log .change').length >= 4") == "true")
        // From the arrival of a change to the frame that shows it; the half second of the whole way is not all the page's.
        let delays = try await browser.evaluate("delays.sort((a, b) => a - b).join(' ')").split(separator: " ")
        let median = delays.dropLast(delays.count / 2).last.flatMap { Double($0) }
        #expect(median ?? .infinity < 500, "\(delays)")

        daemon.play(.nothing)
        try await browser.waitUntil("document.querySelector('#cards .label').textContent === 'no-signal'")
        try await browser.waitUntil("!document.getElementById('trouble').hidden")
        #expect(browser.complaints == [])
    }

    /// Notes how long each change takes from its arrival until the log shows it.
    private static let stopwatch = """
        window.delays = [];
        const Source = EventSource;
        window.EventSource = class extends Source {
          constructor(...all) {
            super(...all);
            this.addEventListener('change', () => {
              const start = performance.now();
              const log = document.getElementById('log');
              new MutationObserver((_, watch) => {
                watch.disconnect();
                requestAnimationFrame(() => delays.push(performance.now() - start));
              }).observe(log, { childList: true });
            });
          }
        };
        """

    @Test func `names, titles and messages are only text`() async throws {
        let daemon = try await FedDaemon()
        let hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
        _ = try await daemon.client().annotate(source: "radio", title: hostile)
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        // genred refuses such a name, so the browser gets it from the answers on their way.
        try await browser.open(
            page.address,
            script: """
                const answer = Response.prototype.json;
                Response.prototype.json = async function () {
                  const name = JSON.stringify('</li><img src=x onerror=alert(3)>').slice(1, -1);
                  return JSON.parse(JSON.stringify(await answer.call(this)).replaceAll('"radio"', `"${name}"`));
                };
                """)
        try await browser.waitUntil("document.querySelector('#cards .title bdi').textContent !== ''")
        #expect(try await browser.text("#cards .title bdi") == hostile)
        #expect(try await browser.text("#cards .name") == "</li><img src=x onerror=alert(3)>")
        #expect(try await browser.evaluate("document.querySelectorAll('main img, main script').length") == "0")
        #expect(browser.complaints == [])
    }

    @Test func `the page says when genred is away, and comes back by itself`() async throws {
        let daemon = try await FedDaemon()
        try await daemon.waitFor("silence")
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        try await browser.open(page.address)
        await daemon.stop()
        try await browser.waitUntil("document.getElementById('banner').textContent.startsWith('genred is away')")
        #expect(try await browser.evaluate("document.title") == "away · radio")
        #expect(try await browser.text(".since .word") == "last heard")

        try await daemon.start()
        try await browser.waitUntil("document.getElementById('banner').hidden")
        try await browser.waitUntil("document.querySelector('#cards .label').textContent === 'silence'")
        try await browser.waitUntil(
            "[...document.querySelectorAll('#log .to')].some((e) => e.textContent === 'stopped')")
        // Devices are read again while genred goes, so an answer may be an error; no script may fail.
        #expect(browser.complaints.filter { !$0.hasPrefix("error: Failed to load resource") } == [])
    }

    @Test func `the page says when its server is away, and misses no change meanwhile`() async throws {
        let daemon = try await FedDaemon()
        try await daemon.waitFor("silence")
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        try await browser.open(page.address)
        page.end()
        try await browser.waitUntil("document.getElementById('connection').dataset.state === 'server-away'")
        try await daemon.makeChanges(20)
        try await page.start()
        try await browser.waitUntil("document.getElementById('connection').dataset.state === 'live'")
        let count = try await daemon.history().count
        try await browser.waitUntil("document.querySelectorAll('#log .change').length >= \(min(count, 50))")
    }

    @Test(arguments: [(360, 740), (820, 1180), (1440, 900)])
    func `nothing is wider than the window`(width: Int, height: Int) async throws {
        let daemon = try await FedDaemon((1...14).map { "a-source-with-a-rather-long-name-\($0)" })
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        try await browser.open(page.address, width: width, height: height, colours: "light")
        try await browser.waitUntil("document.querySelectorAll('#cards .card').length === 14")
        #expect(try await browser.evaluate("document.documentElement.scrollWidth") == "\(width)")
        // The search leaves one card and its lane.
        try await browser.evaluate(
            "(search.value = 'name-14', search.dispatchEvent(new Event('input')), 1)")
        #expect(try await browser.evaluate("document.querySelectorAll('.card:not([hidden])').length") == "1")
        #expect(try await browser.evaluate("document.querySelectorAll('.lane').length") == "1")
        #expect(browser.complaints == [])
    }

    @Test func `the arrow keys read out the changes`() async throws {
        let daemon = try await FedDaemon(["radio", "Kitchen"])
        try await daemon.makeChanges(6)
        daemon.play(.silence)
        try await daemon.waitFor("silence")
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        try await browser.open(page.address)
        try await browser.evaluate("document.querySelector('.lane-plot').focus()")
        #expect(try await browser.text("#readout").hasPrefix("silence, "))
        try await browser.press("ArrowLeft")
        try await browser.waitUntil("!document.getElementById('readout').textContent.startsWith('silence')")
        try await browser.press("Home")
        let first = try await browser.text("#readout")
        try await browser.press("ArrowRight")
        #expect(try await browser.text("#readout") != first)
        #expect(try await browser.evaluate("document.getElementById('tip').hidden") == "false")
        try await browser.press("ArrowDown")
        #expect(try await browser.evaluate("document.activeElement.ariaLabel") == "Last 24 hours of Kitchen")
        // Everything that takes the focus has a name.
        let nameless = """
            [...document.querySelectorAll('button, select, input, summary, [tabindex="0"]')].filter((e) =>
              !(e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent.trim()
                || e.hasAttribute('aria-labelledby'))).length
            """
        #expect(try await browser.evaluate(nameless) == "0")
        #expect(browser.complaints == [])
    }

    /// What makes it fast. The time itself depends on what else the machine does.
    @Test func `a day with 5000 changes takes few requests and few elements`() async throws {
        let daemon = try await FedDaemon()
        await daemon.stop()
        try await PastDay.write(
            spans: PastDay.even(5000), of: "radio", to: daemon.folder.file("state/history.sqlite"))
        try await daemon.start()
        let page = try await ServedPage(daemon.folder, socket: daemon.socket)
        let browser = try await Browser()
        try await browser.open(page.address)
        let requests = """
            performance.getEntriesByType('resource')
              .filter((e) => e.startTime < performance.getEntriesByName('genred-ready')[0].startTime)
            """
        let count = try #require(Int(try await browser.evaluate("\(requests).length")))
        let size = try #require(
            Int(try await browser.evaluate("\(requests).reduce((sum, e) => sum + e.encodedBodySize, 0)")))
        let elements = try #require(Int(try await browser.evaluate("document.querySelectorAll('*').length")))
        #expect(
            (1...20).contains(count) && (1...1_500_000).contains(size) && (1...700).contains(elements),
            "\(count) requests, \(size) bytes, \(elements) elements")
        #expect(try await browser.evaluate("document.querySelectorAll('#log .change').length") == "50")
        #expect(try await browser.evaluate("document.querySelectorAll('#shares .bar').length >= 4") == "true")
        #expect(browser.complaints == [])
    }
}
