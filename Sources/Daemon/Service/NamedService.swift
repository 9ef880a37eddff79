// SPDX-License-Identifier: GPL-3.0-or-later

import ServiceLifecycle

/// A service whose description is its type's name. Otherwise ServiceLifecycle, which keeps descriptions of all services, would
/// describe each by reflection, with everything that it refers to: a tenth of a start.
protocol NamedService: Service, CustomStringConvertible {}

extension NamedService {
    nonisolated var description: String { "\(Self.self)" }
}
