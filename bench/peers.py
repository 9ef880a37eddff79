# SPDX-License-Identifier: GPL-3.0-or-later
"""peers AUDIO MODEL: measures the same job with other tools; prints one line of JSON for each pipeline.

AUDIO is raw: 16 bits, 48 000 Hz, stereo. Each pipeline gets it in pieces of one update (0.24 s), mixes it to mono,
resamples it to 22 050 Hz piece by piece (python-soxr), and computes the probabilities of the last 3 s after each piece,
on one thread. The result is the processor time of that loop, without imports, loading of models, and the first pieces.
"""
import importlib.util
import json
import sys
import time

import numpy as np

from daemon import RATE as DEVICE
from network import Model, onnx_network, torch_network

# Front end version 1 (docs/architecture.md); main checks it against the model file.
RATE, FRAME, HOP, BANDS, COEFFICIENTS, WINDOW = 22050, 2048, 1323, 64, 32, 50
STEP = 4  # frames between updates
LENGTH = FRAME + (WINDOW - 1) * HOP  # samples of a window


def levelled(log_mel):
    """Makes a window [bands, frames] independent of the level: floors it 75 dB under its maximum, removes its mean."""
    floored = np.maximum(log_mel, log_mel.max() - 75)
    return floored - floored.mean()


class Librosa:
    """MFCC of the whole window at each update, as in the tutorials."""

    name = "librosa, whole window"

    def __init__(self):
        import librosa

        self.librosa = librosa
        self.samples = np.zeros(LENGTH, np.float32)

    def push(self, samples):
        self.samples = np.concatenate([self.samples, samples])[-LENGTH:]
        power = self.librosa.feature.melspectrogram(
            y=self.samples, sr=RATE, n_fft=FRAME, hop_length=HOP, n_mels=BANDS, center=False)
        log_mel = levelled(self.librosa.power_to_db(power, top_db=None))
        return self.librosa.feature.mfcc(S=log_mel, n_mfcc=COEFFICIENTS)


class Essentia:
    """Essentia's algorithms frame by frame. Each frame is computed once, and its coefficients are kept."""

    name = "Essentia, each frame once"

    def __init__(self):
        import essentia.standard as standard

        self.windowing = standard.Windowing(type="hann", size=FRAME, zeroPhase=False, normalized=False)
        self.spectrum = standard.Spectrum(size=FRAME)
        self.mfcc = standard.MFCC(
            inputSize=FRAME // 2 + 1, sampleRate=RATE, numberBands=BANDS, numberCoefficients=COEFFICIENTS,
            lowFrequencyBound=0, highFrequencyBound=RATE / 2, warpingFormula="slaneyMel", type="power", logType="dbpow")
        self.samples = np.zeros(0, np.float32)
        self.coefficients = np.zeros((COEFFICIENTS, WINDOW), np.float32)

    def push(self, samples):
        self.samples = np.concatenate([self.samples, samples])
        while len(self.samples) >= FRAME:
            _, coefficients = self.mfcc(self.spectrum(self.windowing(self.samples[:FRAME])))
            self.coefficients = np.roll(self.coefficients, -1, axis=1)
            self.coefficients[:, -1] = coefficients
            self.samples = self.samples[HOP:]
        return self.coefficients - np.eye(COEFFICIENTS, 1, dtype=np.float32) * self.coefficients[0].mean()


class Kaldi:
    """kaldi-native-fbank's online MFCC, in C++: the leanest streaming front end on PyPI."""

    name = "kaldi-native-fbank, online"

    def __init__(self):
        import kaldi_native_fbank as kaldi

        options = kaldi.MfccOptions()
        options.frame_opts.samp_freq = RATE
        options.frame_opts.frame_length_ms = 1000 * FRAME / RATE
        options.frame_opts.frame_shift_ms = 1000 * HOP / RATE
        options.frame_opts.dither = 0
        options.frame_opts.preemph_coeff = 0
        options.frame_opts.remove_dc_offset = False
        options.frame_opts.window_type = "hann"
        options.frame_opts.snip_edges = True
        options.mel_opts.num_bins = BANDS
        options.num_ceps = COEFFICIENTS
        options.use_energy = False
        self.online = kaldi.OnlineMfcc(options)
        self.taken = 0
        self.coefficients = np.zeros((COEFFICIENTS, WINDOW), np.float32)

    def push(self, samples):
        self.online.accept_waveform(RATE, samples)
        ready = self.online.num_frames_ready
        while self.taken < ready:
            self.coefficients = np.roll(self.coefficients, -1, axis=1)
            self.coefficients[:, -1] = self.online.get_frame(self.taken)
            self.taken += 1
        return self.coefficients


def processor_time(front_end, network, pieces, resample):
    """Processor time in seconds per second of audio."""
    front_end = front_end()
    if resample:
        import soxr

        stream = soxr.ResampleStream(DEVICE, RATE, 1, dtype="float32", quality="HQ")
        resampled = lambda piece: stream.resample_chunk(piece.mean(axis=1, dtype=np.float32) / 32768)
    else:
        resampled = lambda piece: piece
    settle = 20
    for index, piece in enumerate(pieces):
        if index == settle:
            begin = time.process_time()
        coefficients = front_end.push(resampled(piece))
        if network:
            network(np.ascontiguousarray(coefficients, np.float32))
    return (time.process_time() - begin) / ((len(pieces) - settle) * STEP * HOP / RATE)


def main():
    audio = np.fromfile(sys.argv[1], "<i2").reshape(-1, 2)
    model = Model(sys.argv[2])
    front_end = [model.front_end[key] for key in (
        "sample_rate", "frame_length", "hop_length", "mel_bands", "coefficients", "window_frames")]
    assert front_end == [RATE, FRAME, HOP, BANDS, COEFFICIENTS, WINDOW], "the model has another front end"
    length = STEP * HOP * DEVICE // RATE
    pieces = [audio[begin : begin + length] for begin in range(0, len(audio) - length, length)]
    import soxr

    mono = soxr.resample(audio.mean(axis=1, dtype=np.float32) / 32768, DEVICE, RATE)
    mono = [mono[begin : begin + STEP * HOP] for begin in range(0, len(mono) - STEP * HOP, STEP * HOP)]
    networks = {"ONNX Runtime": onnx_network(model)}
    if importlib.util.find_spec("torch"):
        networks["PyTorch"] = torch_network(model)
        example = np.random.default_rng(1).standard_normal((COEFFICIENTS, WINDOW)).astype(np.float32)
        answers = [network(example) for network in networks.values()]
        assert np.abs(answers[0] - answers[1]).max() < 1e-4, "PyTorch and ONNX Runtime disagree"

    def report(what, name, seconds):
        print(json.dumps({"what": what, "name": name, "seconds": seconds}), flush=True)

    for front_end in (Librosa, Essentia, Kaldi):
        report("front end", front_end.name, processor_time(front_end, None, mono, False))
        for name, network in networks.items():
            report("whole", f"{front_end.name}, {name}", processor_time(front_end, network, pieces, True))


main()
