#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes Tests/StreamingTests/Golden: librosa's output for a signal that the tests generate.

Run it only when the front end changes (it never should): pip install librosa numpy; scripts/golden.py
The signal is made of integer arithmetic and sines, so that Swift and Python agree on it to the last bits.
"""
import pathlib
import librosa
import numpy as np

RATE, FRAME, HOP, BANDS, COEFFICIENTS = 22050, 2048, 1323, 64, 32


def signal():
    """Four seconds: a sweep, a tone that swells, noise that grows, a silence, a click. Mirrors GoldenSignal.swift."""
    count = 4 * RATE
    state, noise = 12345, np.zeros(count)
    for index in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        noise[index] = (state >> 8) / 2**23 - 1
    time = np.arange(count) / RATE
    sweep = 0.3 * np.sin(2 * np.pi * (60 * time + 1300 * time**2))
    tone = 0.2 * np.sin(2 * np.pi * 440 * time) * (0.5 + 0.5 * np.sin(2 * np.pi * 2 * time))
    samples = sweep + tone + 0.02 * time * noise
    samples[int(1.5 * RATE): int(1.9 * RATE)] = 0
    samples[int(2.5 * RATE)] += 0.5
    return samples.astype(np.float32)


def main():
    samples = signal().astype(np.float64)
    frames = 1 + (len(samples) - FRAME) // HOP
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = np.stack([np.abs(np.fft.rfft(samples[k * HOP: k * HOP + FRAME] * window)) ** 2 for k in range(frames)])
    bank = librosa.filters.mel(sr=RATE, n_fft=FRAME, n_mels=BANDS, dtype=np.float64)
    log_mel = 10 * np.log10(np.maximum(power @ bank.T, 1e-10))
    # librosa's own MFCC of this spectrogram must agree.
    mfcc = librosa.feature.mfcc(S=log_mel.T, n_mfcc=COEFFICIENTS, dct_type=2, norm="ortho").T
    own = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=FRAME, hop_length=HOP, n_mels=BANDS, center=False)
    np.testing.assert_allclose(own.T, power @ bank.T, rtol=1e-4, atol=1e-9)
    folder = pathlib.Path(__file__).parent.parent / "Tests/StreamingTests/Golden"
    (folder / "logmel.f32").write_bytes(log_mel.astype("<f4").tobytes())
    (folder / "mfcc.f32").write_bytes(mfcc.astype("<f4").tobytes())
    print(f"{frames} frames; log-mel {log_mel.min():.1f} to {log_mel.max():.1f} dB; librosa {librosa.__version__}")


if __name__ == "__main__":
    main()
