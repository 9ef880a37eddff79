# SPDX-License-Identifier: GPL-3.0-or-later
"""live AUDIO SECONDS: measures one station, as people play it; prints one line of JSON.

A real ffmpeg feeds genred's standard input at the pace of real time, in pieces of some 20 ms. First without a client:
wake-ups, processor time, memory. Then with a subscriber, and this program between the two, which notes when each piece
was written: the delay from a window's last sample to its estimate. Last, a program that only reads takes genred's
place: what reading alone costs here.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from daemon import BYTES_PER_SECOND, CHANNELS, GENRED, RATE, SUBSCRIBE, memory, processor, wakeups, woken

POSITION = re.compile(rb'"position":([0-9.]+)')
SETTLE = 10.0
# The resampler's filter reaches so many seconds beyond a window's last sample.
FILTER = 0.007


def ffmpeg(audio):
    return subprocess.Popen(
        ["ffmpeg", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", audio, "-ac", str(CHANNELS), "-ar", str(RATE),
         "-c:a", "pcm_s16le", "-f", "wav", "-"], stdout=subprocess.PIPE)


def genred(folder, stdin):
    return subprocess.Popen(
        [GENRED, "--source", "station=pipe:-", "--socket", f"{folder}/s", "--history", "none", "--log-level", "error"],
        stdin=stdin)


def alone(audio, seconds, folder):
    feeder = ffmpeg(audio)
    daemon = genred(folder, feeder.stdout)
    time.sleep(SETTLE)
    begin, used, before = time.monotonic(), processor(daemon.pid), wakeups(daemon.pid)
    time.sleep(seconds)
    duration = time.monotonic() - begin
    result = {
        "processor": (processor(daemon.pid) - used) / duration, "wakeups": woken(before, wakeups(daemon.pid)) / duration,
        "resident": memory(daemon.pid)[0], "anonymous": memory(daemon.pid)[1]}
    daemon.terminate()
    daemon.wait()
    feeder.kill()
    return result


def delays(audio, seconds, folder):
    """Seconds from the write that completes what an estimate needs to its arrival, sorted."""
    feeder = ffmpeg(audio)
    daemon = genred(folder, subprocess.PIPE)
    written = []  # (bytes of audio so far, when)
    total = 0

    def relay():
        nonlocal total
        header = b""
        while piece := os.read(feeder.stdout.fileno(), 65536):
            try:
                os.write(daemon.stdin.fileno(), piece)
            except BrokenPipeError:
                return
            if b"data" not in header:
                # The WAV header is no audio.
                header += piece
                if b"data" not in header:
                    continue
                piece = header[header.index(b"data") + 8:]
            total += len(piece)
            written.append((total, time.monotonic()))

    threading.Thread(target=relay, daemon=True).start()
    time.sleep(SETTLE)
    found, place = [], 0
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{folder}/s")
        client.sendall(SUBSCRIBE)
        client.settimeout(10)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            chunk, arrived = client.recv(1 << 16), time.monotonic()
            for heard in POSITION.findall(chunk):
                needed = (float(heard) + FILTER) * BYTES_PER_SECOND
                while place < len(written) - 1 and written[place][0] < needed:
                    place += 1
                if written[place][0] >= needed:
                    found.append(arrived - written[place][1])
    daemon.terminate()
    daemon.wait()
    feeder.kill()
    # The first answers say what was known before.
    return sorted(found[4:])


def reading(audio, seconds, folder):
    """Processor seconds a second of a program that wakes up once an update, and only reads."""
    program = f"{folder}/reader"
    subprocess.run(["cc", "-O2", "-o", program, pathlib.Path(__file__).with_name("reader.c")], check=True)
    feeder = ffmpeg(audio)
    reader = subprocess.Popen([program], stdin=feeder.stdout)
    time.sleep(SETTLE)
    begin, used = time.monotonic(), processor(reader.pid)
    time.sleep(seconds)
    used, duration = processor(reader.pid) - used, time.monotonic() - begin
    reader.kill()
    reader.wait()
    feeder.kill()
    return used / duration


def main():
    audio, seconds = sys.argv[1], float(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        result = alone(audio, seconds, folder)
        late = delays(audio, seconds, folder)
        result["reading"] = reading(audio, seconds, folder)
    result.update(delay_p50=late[len(late) // 2], delay_p99=late[len(late) * 99 // 100], updates=len(late) / seconds)
    print(json.dumps(result))


main()
