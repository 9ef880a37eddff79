import ServiceLifecycle

/// Tells the service manager what is heard: `systemctl status` shows it.
struct StatusReport: Service {
    let hub: Hub
    let notification: ServiceNotification

    /// A few seconds: each report costs the service manager and those who watch it more than it does us.
    private static let interval = Duration.seconds(3)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var last = ""
            while true {
                try await Task.sleep(for: Self.interval, tolerance: .seconds(1))
                let status = await hub.spokenStatus
                if status != last { notification.status(status) }
                last = status
            }
        }
    }
}
