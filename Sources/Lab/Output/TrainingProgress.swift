// SPDX-License-Identifier: GPL-3.0-or-later

import Basics
import Training

/// Progress of a training run on standard error.
enum TrainingProgress {
    static func show(_ event: TrainingSession.Event) {
        switch event {
        case .startedAnew: Output.note("no checkpoint beside the model: training starts from the beginning")
        case .started(let run, let number, let count, let training, let heldOut, let after):
            let place = count > 1 ? " (network \(number) of \(count))" : ""
            let resumed = after > 0 ? ", continuing after epoch \(after)" : ""
            Output.note(
                "\(run)\(place): \(NumberText.counted(training, "track")) to train on, \(heldOut) held out\(resumed)")
        case .epoch(let run, let progress): show(progress, of: run)
        case .evaluated(let run, let metrics):
            Output.note(
                "\(run): \(NumberText.counted(metrics.clips.n, "clip")) held out: windows \(metrics.windows.accuracy.percent), clips "
                    + "\(metrics.clips.accuracy.percent), before calibration")
        }
    }

    /// What a plan needs, before it starts.
    static func show(_ needs: TrainingNeeds, threads: Int) {
        let networks = NumberText.counted(needs.networks, "network")
        Output.note(
            "\(needs.hours.digits(1)) h of audio and a batch need \((Double(needs.memory) / 1_073_741_824).digits(1)) GiB of memory"
        )
        Output.note(
            "training of \(networks) will take about \(DurationText.text(needs.seconds)) with"
                + " \(NumberText.counted(threads, "thread")) of this machine, from a few steps of each kind")
    }

    /// On a terminal an epoch overwrites the one before, unless that was evaluated.
    private static func show(_ progress: Trainer.Progress, of run: String) {
        let epoch = progress.epoch
        var text =
            "\(run) epoch \(epoch.epoch)/\(progress.epochs)  loss \(epoch.loss.digits(3))"
            + "  accuracy \(epoch.accuracy.percent)"
        if let validation = epoch.validation {
            text +=
                "  held out: windows \(validation.windowAccuracy.percent), clips "
                + "\(validation.clipAccuracy.percent), NLL \(validation.nll.digits(3))"
        }
        text += "  \(Int(progress.windowsPerSecond)) windows/s, \(DurationText.text(progress.remaining)) left"
        let isLine = !Output.errorIsTerminal || epoch.validation != nil || epoch.epoch == progress.epochs
        Output.progress((Output.errorIsTerminal ? "\r\(text)\u{1B}[K" : text) + (isLine ? "\n" : ""))
    }
}
