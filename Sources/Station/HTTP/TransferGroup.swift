// SPDX-License-Identifier: GPL-3.0-or-later

import CCurl
import Glibc

/// All transfers of a station, and the wait for whatever happens next. It belongs to one thread.
final class TransferGroup {
    private let multi: UnsafeMutableRawPointer
    /// By the address of libcurl's handle. The transfer removes itself when it goes.
    private var transfers: [UnsafeMutableRawPointer: Unowned] = [:]

    private struct Unowned {
        unowned let transfer: Transfer
    }

    init() throws(StationFailure) {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard let multi = curl_multi_init() else { throw StationFailure("no memory is left") }
        self.multi = multi
    }

    deinit { curl_multi_cleanup(multi) }

    func add(_ handle: UnsafeMutableRawPointer, _ transfer: Transfer) {
        transfers[handle] = Unowned(transfer: transfer)
        curl_multi_add_handle(multi, handle)
    }

    func remove(_ handle: UnsafeMutableRawPointer) {
        guard transfers.removeValue(forKey: handle) != nil else { return }
        curl_multi_remove_handle(multi, handle)
    }

    /// Lets transfers go on.
    func perform() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var result = CURLE_OK
        while let handle = curl_next_finished(multi, &result) { transfers[handle]?.transfer.finish(result) }
    }

    /// Waits until something happens on a transfer or a descriptor, or for some seconds.
    ///
    /// - Parameter descriptors: with the events that are waited for, besides errors.
    func wait(for descriptors: [(descriptor: Int32, events: Int32)], seconds: Double) {
        var entries = descriptors.map {
            curl_waitfd(
                fd: $0.descriptor,
                events: Int16(
                    ($0.events & POLLIN != 0 ? CURL_WAIT_POLLIN : 0)
                        | ($0.events & POLLOUT != 0 ? CURL_WAIT_POLLOUT : 0)),
                revents: 0)
        }
        curl_multi_poll(multi, &entries, UInt32(entries.count), Int32(max(0, seconds) * 1000), nil)
    }
}
