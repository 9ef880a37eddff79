# SPDX-License-Identifier: GPL-3.0-or-later
"""scale AUDIO SOURCES SECONDS: measures many sources in real time; prints one line of JSON.

Each source gets one hop (60 ms) of audio every 60 ms, at a phase of its own. An update's delay is the time from the
moment when its last sample was due to its arrival at a subscriber of all estimates. Its lateness is that delay minus
the source's smallest delay, and shows how unsteady the updates are.
"""
import gc
import json
import os
import re
import resource
import statistics
import sys
import threading
import time

from daemon import HOP, HOP_BYTES, SUBSCRIBE, Daemon, woken


def feed(daemon, audio, seconds, began):
    """Writes for `seconds`. Returns the number of writes that found a pipe full, and the feeder's own largest delay."""
    descriptors = daemon.open_fifos()
    count, full, worst = len(descriptors), 0, 0.0
    audio = memoryview(audio)
    length = len(audio) // HOP_BYTES
    begin = time.monotonic()
    began.append((begin, count))
    for turn in range(int(seconds / HOP)):
        for index, descriptor in enumerate(descriptors):
            due = begin + (turn + 1 + index / count) * HOP
            wait = due - time.monotonic()
            if wait > 0.0005:
                time.sleep(wait)
            else:
                worst = max(worst, -wait)
            piece = (turn + 7 * index) % length * HOP_BYTES
            try:
                if os.write(descriptor, audio[piece : piece + HOP_BYTES]) < HOP_BYTES:
                    full += 1
            except BlockingIOError:
                full += 1
    return full, worst


def main():
    with open(sys.argv[1], "rb") as file:
        audio = file.read()
    sources, seconds = int(sys.argv[2]), float(sys.argv[3])
    # Until then genred learns when each source's audio comes.
    settle = 10.0
    with Daemon(sources) as daemon:
        empty = daemon.memory()
        arrivals = []
        client = daemon.connect()
        client.sendall(SUBSCRIBE)

        def listen():
            buffer = b""
            try:
                while chunk := client.recv(1 << 20):
                    arrivals.append((time.monotonic(), chunk))
            except OSError:  # Closed at the end.
                pass

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        began, outcome = [], []
        gc.disable()
        feeder = threading.Thread(target=lambda: outcome.append(feed(daemon, audio, seconds, began)))
        feeder.start()
        time.sleep(settle)
        before, start = (daemon.processor(), daemon.wakeups()), time.monotonic()
        time.sleep(max(1, seconds - settle - 1))
        after, end = (daemon.processor(), daemon.wakeups()), time.monotonic()
        feeder.join()
        memory, threads, status = daemon.memory(), len(daemon.threads()), daemon.status()
        client.close()
    begin, count = began[0]
    late = {}
    buffer, name = b"", re.compile(rb'"source":"s(\d+)"')
    position = re.compile(rb'"position":([0-9.]+)')
    for moment, chunk in arrivals:
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            source, heard = name.search(line), position.search(line)
            if not source or not heard or moment - begin < settle:
                continue
            index = int(source[1])
            due = begin + float(heard[1]) + index / count * HOP
            late.setdefault(index, []).append(moment - due)
    jitter = sorted(value - min(values) for values in late.values() for value in values)
    duration = end - start
    print(json.dumps({
        "sources": sources,
        "processor": (after[0] - before[0]) / duration / sources,
        "wakeups": woken(before[1], after[1]) / duration,
        "late_p50": jitter[len(jitter) // 2] if jitter else None,
        "late_p99": jitter[len(jitter) * 99 // 100] if jitter else None,
        "updates": len(jitter) / (duration + 1) / sources,
        "full": outcome[0][0], "generator_late": outcome[0][1],
        "dropped": sum(source["dropped"] for source in status["sources"]),
        "resident": memory[0], "anonymous": memory[1], "resident_before": empty[0], "threads": threads,
        "generator_processor": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]),
    }))


main()
