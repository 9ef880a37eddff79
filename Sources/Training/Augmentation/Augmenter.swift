// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Model
import Streaming

/// Makes one training window: a place in a track, heard through a random channel, possibly mixed with another track. The
/// frames before the window are rendered too, so that the level is normalised as it is in the middle of a stream.
struct Augmenter {
    let corpus: Corpus
    let sampler: WindowSampler
    let configuration: AugmentationConfiguration

    private let bands = FrontEnd.version1.melBands
    private let frames = FrontEnd.version1.windowFrames
    /// Largest shift along the mel axis, in bands.
    private static let widestShift = 8
    /// How far speech and music can be apart when they are mixed, dB.
    private static let widestLead: Float = 12
    /// Level of digital silence, dB.
    private static let floor: Float = -100
    /// Reference level of the gains: the power of a frame at full scale, dB.
    private static let referenceLevel: Float = 20

    /// One of the tracks that are mixed: its frames, its level and its channel.
    private struct Voice {
        var values: UnsafePointer<Float>
        var length: Int
        /// Start of the window, in frames.
        var start: Float
        var speed: Float = 1
        var shift: Float = 0
        var hasWholeFrames = false
        var contrast: Float = 1
        var pivot: Float = 0
        var gain: Float = 0
        var equalizer: [Float]
    }

    private struct Noise {
        var level: Float
        var tilt: Float
    }

    /// A window's label and targets, and where in its recording it begins and how long it is, in frames.
    struct Window {
        /// Index into the corpus's labels; nil if the recording has none.
        var label: Int?
        var targets: TrackTargets?
        var start: Float
        var length: Float
        /// How far speech leads in a mix with music, 0 to 1, and its label.
        var speech: (share: Float, label: Int)?
    }

    /// Makes the window with the given index in a step's batch. `no-music` mixed under music does not change what it is.
    ///
    /// Writes [windowFrames, melBands] of normalised log-mel in dB to `output`. Apply `mask` after everything that needs
    /// complete windows.
    func prepare(index: Int, _ generator: inout CounterGenerator, into output: UnsafeMutablePointer<Float>) -> Window {
        let (track, label): (Recording, Int?) =
            switch sampler.draw(index: index, &generator) {
            case .track(let index): (corpus.tracks[index].recording, corpus.tracks[index].label)
            case .unlabelled(let index): (corpus.unlabelled[index], nil)
            }
        let features = track.variants[generator.index(track.variants.count)]
        let isMusic = label.map { !sampler.noMusic.contains($0) } ?? true
        return features.values.withUnsafeBufferPointer { values in
            var voice = Voice(
                values: values.baseAddress!, length: features.frames, start: 0,
                equalizer: [Float](repeating: 0, count: bands))
            let history = place(&voice, track, &generator)
            var gain = generator.chance(0.9) ? generator.uniform(-25, 12) : generator.uniform(-60, -25)
            if isMusic || generator.chance(0.5) { gain += Self.referenceLevel - track.level }
            drawChannel(of: &voice, &generator)
            let talk = isMusic ? talk(over: track, &generator) : nil
            let second = talk?.companion ?? companion(of: track, isMusic: isMusic, &generator)
            let noise =
                generator.chance(configuration.noiseChance)
                ? Noise(
                    level: track.level - 16 - generator.uniform(8, 55), tilt: generator.uniform(-40, 15)) : nil
            var silence: Range<Int>?
            if generator.chance(configuration.silenceChance) {
                let start = generator.integer(-30..<50)
                silence = start..<(start + generator.integer(1..<(isMusic ? 20 : 60)))
            }
            if let second {
                second.features.values.withUnsafeBufferPointer { other in
                    var under = second.voice
                    under.values = other.baseAddress!
                    under.hasWholeFrames = voice.hasWholeFrames
                    render(voice, under, noise, gain, silence, history, &generator, into: output)
                }
            } else {
                render(voice, nil, noise, gain, silence, history, &generator, into: output)
            }
            if configuration.levelError > 0 {
                let error = generator.normal() * configuration.levelError
                for place in 0..<(frames * bands) { output[place] += error }
            }
            return Window(
                label: label, targets: track.targets, start: voice.start, length: Float(frames) * voice.speed,
                speech: talk?.lead)
        }
    }

    /// Draws the window's position, speed, shift and contrast; returns the number of frames before it that are rendered too.
    private func place(_ voice: inout Voice, _ track: Recording, _ generator: inout CounterGenerator) -> Int {
        if generator.chance(configuration.speedChance) {
            voice.speed = exp(generator.uniform(-configuration.speed, configuration.speed))
        }
        let room = Float(voice.length - 1) - Float(frames - 1) * voice.speed
        voice.start = generator.uniform(0, max(1e-3, room))
        let choice = generator.uniform()
        let history: Int
        if choice < 0.15 { history = 0 } else { history = choice < 0.5 ? generator.index(60) : 200 }
        if generator.chance(configuration.shiftChance) {
            let widest = Float(Self.widestShift)
            voice.shift = max(-widest, min(widest, generator.normal() * configuration.shift))
            if generator.chance(configuration.wholeBandsChance) { voice.shift.round() }
        }
        voice.hasWholeFrames = generator.chance(configuration.wholeFramesChance)
        voice.contrast = 1 + generator.uniform(-configuration.contrast, configuration.contrast)
        voice.pivot = track.meanValue
        return min(history, Int(voice.start / voice.speed))
    }

    /// Draws the channel: slope, curvature, equaliser, low-pass, high-pass and roll-off.
    private func drawChannel(of voice: inout Voice, _ generator: inout CounterGenerator) {
        let tilt = generator.uniform(-configuration.tilt, configuration.tilt)
        let bend = generator.uniform(-configuration.bend, configuration.bend)
        let knots = (0..<7).map { _ in generator.normal() * configuration.equalizer }
        let last = Float(bands - 1)
        for band in 0..<bands {
            let place = Float(band) / last * 2 - 1
            voice.equalizer[band] +=
                tilt * place + bend * (place * place - 0.33) + Self.interpolate(knots, at: Float(band) / last)
        }
        if generator.chance(configuration.lowPassChance) {
            let corner = generator.uniform(34, 63)
            let slope: Float
            switch generator.index(3) {
            case 0: slope = generator.uniform(1, 5)
            case 1: slope = generator.uniform(5, 30)
            default: slope = 100
            }
            for band in 0..<bands { voice.equalizer[band] -= max(0, Float(band) - corner) * slope }
        }
        if generator.chance(configuration.highPassChance) {
            let (corner, slope) = (generator.uniform(1, 12), generator.uniform(1, 6))
            for band in 0..<bands { voice.equalizer[band] -= max(0, corner - Float(band)) * slope }
        }
        if generator.chance(configuration.rollOffChance) {
            let width = Float(generator.integer(1..<5))
            let depth = generator.uniform(0, 25)
            for band in 0..<bands { voice.equalizer[band] -= max(0, Float(band) - (last - width)) / width * depth }
        }
    }

    /// Draws a second track to mix with the first; nil for most windows.
    private func companion(
        of track: Recording, isMusic: Bool, _ generator: inout CounterGenerator
    ) -> (voice: Voice, features: LogMel)? {
        let chance = generator.uniform()
        let other: Int?
        let gain: Float
        if isMusic {
            guard chance < configuration.noMusicUnderMusicChance else { return nil }
            other = sampler.drawNoMusic(&generator)
            gain = -generator.uniform(6, 28)
        } else if chance < configuration.twoNoMusicChance {
            other = sampler.drawNoMusic(&generator)
            gain = generator.uniform(-20, 6)
        } else if chance < configuration.twoNoMusicChance + configuration.musicUnderSpeechChance,
            track.name.isSpeech, !sampler.music.isEmpty
        {
            other = sampler.music[generator.index(sampler.music.count)]
            gain = -generator.uniform(8, 28)
        } else {
            return nil
        }
        guard let other else { return nil }
        let second = corpus.tracks[other].recording
        return companion(second, gain: gain + track.level - second.level, &generator)
    }

    /// Draws speech to mix with music, from 12 dB under it to 12 dB over it; nil for most windows.
    private func talk(
        over track: Recording, _ generator: inout CounterGenerator
    ) -> (companion: (voice: Voice, features: LogMel), lead: (share: Float, label: Int))? {
        guard configuration.speechAndMusicChance > 0, !sampler.speech.isEmpty,
            generator.chance(configuration.speechAndMusicChance)
        else { return nil }
        let speech = corpus.tracks[sampler.speech[generator.index(sampler.speech.count)]]
        let lead = generator.uniform(-Self.widestLead, Self.widestLead)
        let gain = lead + track.loudness - speech.recording.loudness
        // Around 0 dB listeners differ: a logistic share, 0.95 for a lead of 3 dB.
        return (companion(speech.recording, gain: gain, &generator), (1 / (1 + exp(-lead)), speech.label))
    }

    /// A second voice, from anywhere in a recording and through a channel of its own.
    ///
    /// - Parameter gain: what is added to its levels, dB.
    private func companion(
        _ second: Recording, gain: Float, _ generator: inout CounterGenerator
    ) -> (voice: Voice, features: LogMel) {
        let features = second.variants[generator.index(second.variants.count)]
        let slope = generator.uniform(-5, 5)
        let knots = (0..<7).map { _ in generator.normal() * 3 }
        let cut = generator.chance(0.3) ? (corner: generator.uniform(30, 60), slope: generator.uniform(2, 30)) : nil
        let last = Float(bands - 1)
        let equalizer = (0..<bands).map { band -> Float in
            let place = Float(band)
            return slope * (place / last * 2 - 1) + Self.interpolate(knots, at: place / last)
                - (cut.map { max(0, place - $0.corner) * $0.slope } ?? 0)
        }
        let start = generator.uniform(0, Float(max(1, features.frames - frames)))
        return features.values.withUnsafeBufferPointer { values in
            // The pointer is not valid outside this closure: `prepare` replaces it.
            let voice = Voice(
                values: values.baseAddress!, length: features.frames, start: start,
                gain: gain, equalizer: equalizer)
            return (voice, features)
        }
    }

    /// Mixes the voices frame by frame, starting `history` frames before the window, and normalises the level.
    private func render(
        _ first: Voice, _ second: Voice?, _ noise: Noise?, _ gain: Float, _ silence: Range<Int>?, _ history: Int,
        _ generator: inout CounterGenerator, into output: UnsafeMutablePointer<Float>
    ) {
        var normalizer = LevelNormalizer()
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * bands) { memory in
            let frame = UnsafeMutableBufferPointer(rebasing: memory[..<bands])
            let other = UnsafeMutableBufferPointer(rebasing: memory[bands...])
            for time in -history..<frames {
                fetch(first, time, into: frame.baseAddress!)
                if let second {
                    fetch(second, time, into: other.baseAddress!)
                    Self.addPowers(frame, other)
                }
                if let noise {
                    for band in 0..<bands {
                        // The wider a band, the less the power of noise in it varies.
                        let spread: Float = band < 16 ? 4.5 : 4.5 * (1 / (1 + Float(band - 16) * 0.35)).squareRoot()
                        other[band] =
                            noise.level + noise.tilt * Float(band - 32) * (1 / 64)
                            + spread * generator.roughlyNormal()
                    }
                    Self.addPowers(frame, other)
                }
                let isSilent = silence?.contains(time) ?? false
                for band in 0..<bands { frame[band] = isSilent ? Self.floor : max(Self.floor, frame[band] + gain) }
                normalizer.process(frame)
                if time >= 0 { (output + time * bands).update(from: frame.baseAddress!, count: bands) }
            }
        }
    }

    /// Reads a frame of a voice, by linear interpolation between frames and bands. `time` is in frames since the start of
    /// the window.
    private func fetch(_ voice: Voice, _ time: Int, into frame: UnsafeMutablePointer<Float>) {
        var position = voice.start + Float(time) * voice.speed
        if voice.hasWholeFrames { position.round() }
        let whole = position.rounded(.down)
        let share = position - whole
        var index = Int(whole) % voice.length
        if index < 0 { index += voice.length }
        let next = index + 1 == voice.length ? 0 : index + 1
        let (a, b) = (voice.values + index * bands, voice.values + next * bands)
        for band in 0..<bands { frame[band] = a[band] + share * (b[band] - a[band]) }
        if voice.shift != 0 {
            let bandShift = voice.shift.rounded(.down)
            let bandShare = voice.shift - bandShift
            let offset = Int(bandShift)
            withUnsafeTemporaryAllocation(of: Float.self, capacity: bands) { copy in
                _ = copy.update(fromContentsOf: UnsafeBufferPointer(start: frame, count: bands))
                for band in 0..<bands {
                    let low = copy[max(0, min(bands - 1, band + offset))]
                    let high = copy[max(0, min(bands - 1, band + offset + 1))]
                    frame[band] = low + bandShare * (high - low)
                }
            }
        }
        for band in 0..<bands {
            frame[band] =
                voice.pivot + voice.contrast * (frame[band] - voice.pivot) + voice.gain + voice.equalizer[band]
        }
    }

    /// Adds the powers of two levels in dB, into the first.
    private static func addPowers(_ a: UnsafeMutableBufferPointer<Float>, _ b: UnsafeMutableBufferPointer<Float>) {
        for band in a.indices {
            let (low, high) = (min(a[band], b[band]), max(a[band], b[band]))
            // A level 50 dB below the other adds 0.00004 dB.
            a[band] = high - low > 50 ? high : high + 4.3429448 * log(1 + exp((low - high) * 0.23025851))
        }
    }

    /// Masks some frames and bands with zeros, the mean of normalised values.
    func mask(_ output: UnsafeMutablePointer<Float>, _ generator: inout CounterGenerator) {
        if generator.chance(configuration.timeMaskChance) {
            for _ in 0..<generator.integer(1..<3) {
                let width = generator.integer(1..<(configuration.timeMaskFrames + 1))
                let start = generator.index(frames + 1 - width)
                (output + start * bands).update(repeating: 0, count: width * bands)
            }
        }
        if generator.chance(configuration.bandMaskChance) {
            for _ in 0..<generator.integer(1..<3) {
                let width = generator.integer(1..<(configuration.bandMaskBands + 1))
                let start = generator.index(bands + 1 - width)
                for frame in 0..<frames { (output + frame * bands + start).update(repeating: 0, count: width) }
            }
        }
    }

    /// Interpolates between evenly spaced knots; `place` is 0 at the first knot and 1 at the last.
    private static func interpolate(_ knots: [Float], at place: Float) -> Float {
        let position = place * Float(knots.count - 1)
        let index = min(knots.count - 2, Int(position))
        let share = position - Float(index)
        return knots[index] + share * (knots[index + 1] - knots[index])
    }
}
