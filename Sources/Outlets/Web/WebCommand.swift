// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Basics
import ControlProtocol
import Glibc

/// `genred-outlet web`.
struct WebCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "web",
        abstract: "Serves a page that shows what genred hears, its data as JSON, and Prometheus' metrics.",
        discussion: """
            ROUTES
              /                   the page
              /api/v1/current     the estimates now; ?source=NAME for one
              /api/v1/history     the changes; ?source=, since=, after=, limit=, totals=true
              /api/v1/sources, /api/v1/status, /api/v1/describe
              /api/v1/events      server-sent events; ?source=, after=SEQ
              /metrics            for Prometheus
              /healthz            200 "ok", or 503 and the reason

            Everything is read only. On the loopback address no token is needed. Any
            other address needs one, because whoever reaches it could read along.
            Programs send the token as the header "Authorization: Bearer TOKEN". In a
            browser open /?token=TOKEN once.

            EXAMPLES
              genred-outlet web
              openssl rand -hex 32 >token && chmod 600 token
              genred-outlet web --listen 0.0.0.0:8321 --token-file token
              curl -H "Authorization: Bearer $(cat token)" http://radio:8321/api/v1/current
              curl -N http://127.0.0.1:8321/api/v1/events

            EXIT CODES
            \(OutletExit.help)
            """)

    @OptionGroup var options: CommonOptions

    @Option(
        help: ArgumentHelp(
            "Where to listen. Default: $GENRED_WEB_LISTEN, or \(Self.defaultListen). Without effect when systemd passes "
                + "a socket.", valueName: "host:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "The file that holds the token. Default: $GENRED_WEB_TOKEN_FILE, or systemd's credential web-token.",
            valueName: "file"))
    var tokenFile: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Names that the address may have besides localhost, such as that of a proxy in front. Not needed with a "
                + "token. Default: $GENRED_WEB_HOST, separated by spaces.", valueName: "name"))
    var host: [String] = []

    private static let defaultListen = "\(ListenAddress.byDefault.host):\(ListenAddress.byDefault.port)"

    func run() throws {
        try OutletRun.start(level: .info) { run in
            let outlet = try WebOutlet(
                path: options.path, listen: listen, tokenFile: tokenFile, hosts: hosts, run: run)
            try outlet.serve()
        }
    }

    private var hosts: [String] {
        guard host.isEmpty else { return host }
        return (SocketPath.variable("GENRED_WEB_HOST") ?? "").split(separator: " ").map(String.init)
    }
}
