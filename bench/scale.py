# SPDX-License-Identifier: GPL-3.0-or-later
"""scale AUDIO SOURCES SECONDS: measures many sources in real time; prints one line of JSON.

Each source gets one hop (60 ms) of audio every 60 ms. The sources begin one after the other, over one update:
stations begin when they like, so their updates are not all due together. An update's delay is the time from the
moment when its last sample was due to its arrival at a subscriber of all estimates. Its lateness is that delay minus
the source's smallest delay, and shows how unsteady the updates are.
"""
import contextlib
import gc
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from daemon import HOP, HOP_BYTES, SUBSCRIBE, UPDATE, Daemon, woken


def compile_feeder(folder):
    program = f"{folder}/feed"
    subprocess.run(["cc", "-O2", "-o", program, pathlib.Path(__file__).with_name("feed.c")], check=True)
    return program


def feed(program, daemon, audio, seconds):
    """Starts the feeder, and returns it and when it began."""
    feeder = subprocess.Popen(
        [program, audio, str(seconds), str(HOP_BYTES), str(round(HOP * 1e9)), str(round(UPDATE * 1e9)), *daemon.fifos],
        stdout=subprocess.PIPE, text=True)
    if not (line := feeder.stdout.readline()):
        sys.exit(f"scale: the feeder failed with status {feeder.wait()}")
    return feeder, float(line)


def main():
    audio, sources, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    # Until then genred learns when each source's audio comes.
    settle = 10.0
    with contextlib.ExitStack() as stack:
        program = compile_feeder(stack.enter_context(tempfile.TemporaryDirectory()))
        daemon = stack.enter_context(Daemon(sources))
        empty = daemon.memory()
        arrivals = []
        client = daemon.connect()
        client.sendall(SUBSCRIBE)

        def listen():
            try:
                while chunk := client.recv(1 << 20):
                    arrivals.append((time.monotonic(), chunk))
            except OSError:  # Closed at the end.
                pass

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        gc.disable()
        feeder, begin = feed(program, daemon, audio, seconds)
        time.sleep(settle)
        before, start = (daemon.processor(), daemon.wakeups()), time.monotonic()
        time.sleep(max(1, seconds - settle - 1))
        after, end = (daemon.processor(), daemon.wakeups()), time.monotonic()
        # Before the streams end with the feeder.
        memory, threads, status = daemon.memory(), len(daemon.threads()), daemon.status()
        outcome = feeder.stdout.readline().split()
        if feeder.wait() != 0 or len(outcome) != 3:
            sys.exit(f"scale: the feeder failed with status {feeder.returncode}")
        full, worst, used = int(outcome[0]), float(outcome[1]), float(outcome[2])
        client.close()
    late = {}
    buffer, name = b"", re.compile(rb'"source":"s(\d+)"')
    position = re.compile(rb'"position":([0-9.]+)')
    for moment, chunk in arrivals:
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            source, heard = name.search(line), position.search(line)
            if not source or not heard:
                continue
            index = int(source[1])
            due = begin + float(heard[1]) + index / sources * UPDATE
            # By when they were due, so that the latest count; and without those of a stream's end, which waited for more.
            if start <= due < end:
                late.setdefault(index, []).append(moment - due)
    jitter = sorted(value - min(values) for values in late.values() for value in values)
    duration = end - start
    print(json.dumps({
        "sources": sources,
        "processor": (after[0] - before[0]) / duration / sources,
        "wakeups": woken(before[1], after[1]) / duration,
        "late_p50": jitter[len(jitter) // 2] if jitter else None,
        "late_p99": jitter[len(jitter) * 99 // 100] if jitter else None,
        "updates": len(jitter) / duration / sources,
        "full": full, "generator_late": worst,
        "dropped": sum(source["dropped"] for source in status["sources"]),
        "resident": memory[0], "anonymous": memory[1], "resident_before": empty[0], "threads": threads,
        "generator_processor": used,
    }))


main()
