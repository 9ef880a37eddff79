// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import ControlProtocol
import Glibc

/// The answers to the control socket's requests, but those of `history` and `reload`, which take longer.
extension Hub {
    /// The answer as a line.
    func answer(_ call: ControlCall, id: RequestID, client: Client) -> [UInt8] {
        do throws(RPCError) {
            switch call {
            case .describe: return Response.line(id: id, result: describe())
            case .current(let params): return Response.line(id: id, result: try current(params))
            case .subscribe(let params):
                try check(params.source)
                subscribe(client, params)
                let names = params.source.map { [$0] } ?? sources.map(\.name)
                return Response.line(id: id, result: SubscribeResult(events: params.events, sources: names))
            case .sources: return Response.line(id: id, result: SourcesResult(sources: sources.map(\.status)))
            case .status: return Response.line(id: id, result: status())
            case .history, .reload:
                return Response.line(id: id, error: RPCError(.internalError, "\(call.method) has a way of its own"))
            }
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
            methods: ControlMethod.allCases.map(\.rawValue), model: settings.model)
    }

    private func current(_ params: CurrentParams) throws(RPCError) -> CurrentResult {
        try check(params.source)
        let asked = sources.filter { (params.source ?? $0.name) == $0.name }
        return CurrentResult(estimates: asked.map(\.estimate))
    }

    private func status() -> DaemonStatus {
        started.follow(.now)
        return DaemonStatus(
            version: genredVersion, pid: Int(getpid()), started: started.time.description,
            uptime: uptime.rounded(toPlaces: 3),
            cpu: ResourceUse.processorTime.rounded(toPlaces: 3), memory: ResourceUse.residentMemory,
            clients: connections.count,
            subscribers: subscribers.count, model: settings.model, config: settings.configurationFile,
            sources: sources.map(\.status))
    }
}
