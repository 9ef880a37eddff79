// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import NIOCore
import NIOHTTP1

/// What a request gets.
enum Answer {
    case response(WebResponse)
    case later(EventLoopFuture<WebResponse>)
    /// Server-sent events: of one source or all, after a change or from now on.
    case events(source: String?, after: Int?)
}

/// Finds the answer to a request. Everything is read only.
///
/// It is only used on the server's event loop.
struct Router {
    let token: AccessToken?
    let hosts: HostCheck
    let hub: EventHub
    /// Asked for the history, which can take long, and for everything else.
    let history: ControlQueries
    let queries: ControlQueries
    private let page = PageFiles()

    init(token: AccessToken?, hosts: HostCheck, hub: EventHub, history: ControlQueries, queries: ControlQueries) {
        self.token = token
        self.hosts = hosts
        self.hub = hub
        self.history = history
        self.queries = queries
    }

    func answer(_ head: HTTPRequestHead) -> Answer {
        guard let target = RequestTarget(head.uri) else {
            return .response(.text(.badRequest, "The address of this request is not a path, or not well encoded."))
        }
        let host = target.host ?? head.headers.first(name: "host")
        guard head.headers["host"].count <= 1, host != nil || head.version != .http1_1 else {
            return .response(.text(.badRequest, "A request has one Host header."))
        }
        guard hosts.allows(host) else {
            return .response(
                .text(
                    .forbidden,
                    "This server does not answer to the name in the address. Use localhost, or start genred-outlet web"
                        + " with --host NAME, once for each of its names."))
        }
        guard head.method == .GET || head.method == .HEAD else {
            return .response(
                .text(.methodNotAllowed, "Everything here is read only.", headers: [("Allow", "GET, HEAD")]))
        }
        if target.path == "/healthz", !isAllowed(head) {
            // Whether it is well is no secret; why not may be one.
            return .response(Health(hub).error == nil ? .text(.ok, "ok") : .text(.serviceUnavailable, "unavailable"))
        }
        if let token, target.path == "/", let shown = target.query.first(where: { $0.name == "token" })?.value,
            token.matches(shown)
        {
            return .response(Login.response(token))
        }
        guard isAllowed(head) else { return .response(Login.refusal(path: target.path)) }
        return route(target, head)
    }

    private func isAllowed(_ head: HTTPRequestHead) -> Bool {
        guard let token else { return true }
        return Login.tokens(in: head.headers).contains { token.matches($0) }
    }

    private func route(_ target: RequestTarget, _ head: HTTPRequestHead) -> Answer {
        switch target.path {
        case "/healthz":
            let error = Health(hub).error
            return .response(error.map { .text(.serviceUnavailable, $0) } ?? .text(.ok, "ok"))
        case "/metrics": return metrics()
        case "/api/v1/events": return events(target, head)
        default: break
        }
        if target.path.hasPrefix("/api/") {
            let name = target.path.hasPrefix("/api/v1/") ? String(target.path.dropFirst("/api/v1/".count)) : ""
            guard let method = ControlMethod(rawValue: name), ControlRoute.methods.contains(method) else {
                let names = ControlRoute.methods.map { "/api/v1/\($0.rawValue)" }.joined(separator: ", ")
                return .response(.error(.notFound, "no such route; there are \(names) and /api/v1/events"))
            }
            return control(method, target)
        }
        if let response = page.response(target.path, head.headers) { return .response(response) }
        return .response(.text(.notFound, "There is nothing here. The page is at /, the data at /api/v1/current."))
    }

    private func control(_ method: ControlMethod, _ target: RequestTarget) -> Answer {
        let route: ControlRoute
        do throws(RPCError) {
            route = try ControlRoute(method, target.query)
        } catch {
            return .response(ControlRoute.response(error))
        }
        let queries = method == .history ? history : queries
        return .later(
            queries.ask(on: hub.loop) { try route.answer($0) }
                .map { .json(.ok, $0) }
                .recover { ControlRoute.response($0) })
    }

    private func metrics() -> Answer {
        .later(
            queries.ask(on: hub.loop) { client in
                let snapshot = DaemonSnapshot(
                    description: try client.describe(), status: try client.status(), estimates: try client.current())
                return ByteBuffer(string: MetricsText.render(snapshot))
            }
            .map { WebResponse(.ok, MetricsText.contentType, $0) }
            .recover { .text(.serviceUnavailable, ($0 as? ControlError)?.message ?? "\($0)") })
    }

    private func events(_ target: RequestTarget, _ head: HTTPRequestHead) -> Answer {
        var source: String?
        var after: Int?
        for parameter in target.query {
            switch parameter.name {
            case "source": source = parameter.value
            case "after":
                guard let seq = Int(parameter.value), seq >= 0 else {
                    return .response(.error(.badRequest, "after must be a whole number: the seq of a change"))
                }
                after = seq
            default:
                return .response(
                    .error(
                        .badRequest, "unknown parameter \(quoted(parameter.name)); this route takes source, after"))
            }
        }
        if let source, let known = hub.snapshot?.estimates.map(\.source), !known.contains(source) {
            return .response(ControlRoute.response(.unknownSource(source, known: known)))
        }
        // What a browser sends when it connects again; something else than a seq is not from here.
        if let id = head.headers.first(name: "last-event-id").flatMap({ Int($0) }), id >= 0 { after = id }
        return .events(source: source, after: after)
    }
}
