# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the genred under measurement, with pipes to feed it."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARIES = ROOT / ".build/release"
# The programs as `make install` installs them, with Swift's runtime linked in.
INSTALLED = pathlib.Path(os.environ.get("GENRED_INSTALLED", ROOT / ".build/bench/installed"))
GENRED, GENRECTL = INSTALLED / "usr/bin/genred", INSTALLED / "usr/bin/genrectl"
RATE, CHANNELS = 48000, 2
BYTES_PER_SECOND = RATE * CHANNELS * 2
FORMAT = f"rate={RATE}&channels={CHANNELS}&format=s16le"
# One hop of the front end: seconds, and bytes of audio.
HOP = 0.06
HOP_BYTES = int(BYTES_PER_SECOND * HOP)
# Seconds from one estimate to the next.
UPDATE = 0.24
SUBSCRIBE = b'{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["estimate"]}}\n'


def processor(process):
    """Processor time of a process so far in seconds, also of threads that have ended."""
    # The number of the process's clock, as clock_getcpuclockid(3) makes it.
    return time.clock_gettime(~process << 3 | 2)


def memory(process):
    """Resident memory of a process in bytes, and its anonymous part."""
    lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    values = dict(line.split(":", 1) for line in lines)
    return tuple(int(values[key].split()[0]) * 1024 for key in ("Rss", "Anonymous"))


def wakeups(process):
    """Number of times that each thread of a process went to sleep and was woken."""
    counts = {}
    for task in os.listdir(f"/proc/{process}/task"):
        try:
            lines = pathlib.Path(f"/proc/{process}/task/{task}/status").read_text().splitlines()
        except FileNotFoundError:
            continue
        counts[task] = sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return counts


def woken(before, after):
    """Number of wake-ups between two results of `wakeups`. Those of a thread that has ended meanwhile are not known."""
    return sum(count - before.get(task, 0) for task, count in after.items())


class Daemon:
    """A running genred whose sources are FIFOs. As a context manager it ends with the block."""

    def __init__(self, sources, *options, environment={}):
        self.folder = tempfile.TemporaryDirectory()
        self.path = f"{self.folder.name}/genred.sock"
        self.fifos = [f"{self.folder.name}/{index}" for index in range(sources)]
        configuration = f"{self.folder.name}/genred.yaml"
        with open(configuration, "w") as file:
            file.write("sources:\n")
            for index, fifo in enumerate(self.fifos):
                os.mkfifo(fifo)
                file.write(f"  - {{name: s{index}, uri: 'pipe:{fifo}?{FORMAT}'}}\n")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(f"{self.folder.name}/notify")
        notify.settimeout(30)
        # Not the user's own, which has what earlier runs left.
        history = [] if "--history" in options else ["--history", f"{self.folder.name}/history.sqlite"]
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [GENRED, "--config", configuration, "--socket", self.path, "--log-level", "error", *history, *options],
            env={**os.environ, **environment, "NOTIFY_SOCKET": f"{self.folder.name}/notify"}, stdin=subprocess.DEVNULL)
        while b"READY=1" not in notify.recv(65536):
            pass
        self.start = time.monotonic() - begin
        notify.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.folder.cleanup()

    def _file(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def processor(self):
        return processor(self.process.pid)

    def memory(self):
        return memory(self.process.pid)

    def wakeups(self):
        return wakeups(self.process.pid)

    def threads(self):
        """Names of the threads, by their numbers."""
        return {int(task): self._file(f"task/{task}/comm").strip()
                for task in os.listdir(f"/proc/{self.process.pid}/task")}

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(self.path)
        return client

    def status(self):
        with self.connect() as client:
            client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"status"}\n')
            return json.loads(client.makefile().readline())["result"]

    def open_fifos(self):
        """Opens the FIFOs for writing. Returns non-blocking descriptors."""
        descriptors = []
        for fifo in self.fifos:
            for _ in range(1000):
                try:
                    descriptors.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
                    break
                except OSError:  # The daemon has not opened it yet.
                    time.sleep(0.01)
        return descriptors
