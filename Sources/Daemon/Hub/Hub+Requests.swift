// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// Answers to the control socket's requests. `reload` is the daemon's, not the hub's.
extension Hub {
    /// The answer as a line. Not for `history` and `reload`, which take longer.
    func answer(_ call: ControlCall, id: RequestID, client: Client) -> [UInt8] {
        publishUnannounced()
        do throws(RPCError) {
            switch call {
            case .describe: return Response.line(id: id, result: describe())
            case .current(let params): return Response.line(id: id, result: try current(params))
            case .subscribe(let params):
                try check(params.source)
                if params.events.contains(.estimate) { beginEveryEstimate() }
                clients.subscribe(client, params)
                subscribersChanged()
                let names = params.source.map { [$0] } ?? sources.map(\.name)
                return Response.line(id: id, result: SubscribeResult(events: params.events, sources: names))
            case .sources: return Response.line(id: id, result: SourcesResult(sources: sources.map(\.status)))
            case .status: return Response.line(id: id, result: status())
            case .annotate(let params):
                try check(params.source)
                return Response.line(id: id, result: annotate(params))
            case .history, .reload:
                return Response.line(id: id, error: RPCError(.internalError, "\(call.method) is answered elsewhere"))
            }
        } catch {
            return Response.line(id: id, error: error)
        }
    }

    /// The answer to `history` as a line. The history makes it on its own queue; the hub adds the labels that last now.
    nonisolated func answerHistory(_ params: HistoryParams, id: RequestID) async -> [UInt8] {
        let open = await openLabels()
        do throws(RPCError) {
            return Response.line(id: id, result: try await history.result(params, open: open))
        } catch {
            return Response.line(id: id, error: error)
        }
    }

    private func check(_ name: String?) throws(RPCError) {
        guard let name, source(named: name) == nil else { return }
        throw .unknownSource(name, known: sources.map(\.name))
    }

    private func describe() -> Description {
        Description(
            name: "genred", version: genredVersion, protocolVersion: protocolVersion,
            methods: ControlMethod.allCases.map(\.rawValue), model: model, instance: history.instance)
    }

    private func current(_ params: CurrentParams) throws(RPCError) -> CurrentResult {
        try check(params.source)
        let asked = sources.filter { (params.source ?? $0.name) == $0.name }
        return CurrentResult(estimates: asked.map(\.estimate))
    }

    private func annotate(_ params: AnnotateParams) -> AnnotateResult {
        let title = params.title.flatMap(Title.clean)
        if let source = source(named: params.source), source.annotate(title) {
            notifyEstimate(of: source)
            clients.flush()
        }
        return AnnotateResult(title: title)
    }

    private func status() -> DaemonStatus {
        DaemonStatus(
            version: genredVersion, pid: Int(getpid()), started: startTime.description,
            uptime: uptime.rounded(toPlaces: 3), cpu: ResourceUse.processorTime.rounded(toPlaces: 3),
            memory: ResourceUse.residentMemory, clients: clients.count, subscribers: clients.subscriberCount,
            model: model, config: settings.configurationFile, sources: sources.map(\.status))
    }
}
