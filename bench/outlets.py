# SPDX-License-Identifier: GPL-3.0-or-later
"""outlets AUDIO SOURCES SECONDS: measures the outlets beside a genred with many sources; prints one line of JSON.

Each source plays six seconds of music and three of silence in turn, at a phase of its own, so that labels change all the
time. An outlet's delay is the time from a change, as the change itself states it in milliseconds, to its arrival at the
outlet's receiver: mosquitto_sub behind a mosquitto, a client of the event stream, and a server that a hook calls. The
control socket's own subscriber is measured too, because every outlet is one.
"""
import gc
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime

from daemon import GENRED, HOP, HOP_BYTES, Daemon, memory, processor

OUTLET = GENRED.parent / "genred-outlet"
TIME = re.compile(r'"time":"([^"]+)"')
MUSIC, PAUSE = 6.0, 3.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"nothing listens on port {port}")


class Delays:
    """Seconds from each change to its arrival."""

    def __init__(self):
        self.values = []

    def arrived(self, text):
        now = time.time()
        stated = TIME.search(text)
        if stated:
            self.values.append(now - datetime.fromisoformat(stated[1].replace("Z", "+00:00")).timestamp())

    def summary(self):
        values = sorted(self.values)
        return {"count": len(values), "median": values[len(values) // 2] if values else None,
                "p99": values[len(values) * 99 // 100] if values else None}


def listen(target, *arguments):
    threading.Thread(target=target, args=arguments, daemon=True).start()


def control_socket(daemon, delays):
    client = daemon.connect()
    client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"events":["change"]}}\n')
    for line in client.makefile():
        if '"method":"change"' in line:
            delays.arrived(line)


def broker_client(port, delays):
    client = subprocess.Popen(["mosquitto_sub", "-p", str(port), "-t", "genred/bench/+/event"],
                              stdout=subprocess.PIPE, text=True)
    running.append(client)
    for line in client.stdout:
        delays.arrived(line)


def event_stream(port, delays):
    kind = ""
    for line in urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/events"):
        line = line.decode()
        if line.startswith("event:"):
            kind = line[6:].strip()
        elif line.startswith("data:") and kind == "change":
            delays.arrived(line)


def webhook_server(delays):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            delays.arrived(body.decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listen(server.serve_forever)
    return server.server_address[1]


running = []


def start(*command, **options):
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, **options)
    running.append(process)
    return process


def start_outlets(daemon, folder, delays):
    """Starts broker, receivers and outlets. Returns the outlets' process numbers."""
    broker, web = free_port(), free_port()
    (folder / "broker.conf").write_text(f"listener {broker} 127.0.0.1\nallow_anonymous true\n")
    start("mosquitto", "-c", folder / "broker.conf", stderr=subprocess.DEVNULL)
    wait_for(broker)
    (folder / "hooks.yaml").write_text(
        f"- {{name: all, on: any, url: 'http://127.0.0.1:{webhook_server(delays['hook'])}/'}}\n")
    processes = {}
    for name, options in (("mqtt", ["--broker", f"mqtt://127.0.0.1:{broker}", "--node", "bench"]),
                          ("web", ["--listen", f"127.0.0.1:{web}"]),
                          ("hook", ["--rules", folder / "hooks.yaml"])):
        state = folder / name
        state.mkdir(mode=0o700)
        processes[name] = start(OUTLET, "--socket", daemon.path, name, *options,
                                env={**os.environ, "STATE_DIRECTORY": str(state)}, stderr=subprocess.DEVNULL).pid
    wait_for(web)
    listen(control_socket, daemon, delays["socket"])
    listen(broker_client, broker, delays["mqtt"])
    listen(event_stream, web, delays["web"])
    return processes


def feed(daemon, audio, seconds):
    """Writes to every source for `seconds`, each hop when it is due."""
    descriptors = daemon.open_fifos()
    count, begin = len(descriptors), time.monotonic()
    silence, length = bytes(HOP_BYTES), len(audio) // HOP_BYTES
    for turn in range(int(seconds / HOP)):
        for index, descriptor in enumerate(descriptors):
            wait = begin + (turn + 1 + index / count) * HOP - time.monotonic()
            if wait > 0.0005:
                time.sleep(wait)
            place = (turn * HOP + index / count * (MUSIC + PAUSE)) % (MUSIC + PAUSE)
            piece = (turn + 7 * index) % length * HOP_BYTES
            try:
                os.write(descriptor, audio[piece : piece + HOP_BYTES] if place < MUSIC else silence)
            except BlockingIOError:
                pass


def main():
    audio = memoryview(pathlib.Path(sys.argv[1]).read_bytes())
    sources, seconds, settle = int(sys.argv[2]), float(sys.argv[3]), 8.0
    delays = {name: Delays() for name in ("socket", "mqtt", "web", "hook")}
    with tempfile.TemporaryDirectory() as name, Daemon(sources, "--history", f"{name}/history.sqlite") as daemon:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        processes = start_outlets(daemon, folder, delays)
        gc.disable()
        feeder = threading.Thread(target=feed, args=(daemon, audio, seconds))
        feeder.start()
        time.sleep(settle)
        for each in delays.values():
            each.values.clear()
        before, begin = {name: processor(process) for name, process in processes.items()}, time.monotonic()
        time.sleep(seconds - settle - 0.5)
        duration = time.monotonic() - begin
        result = {"sources": sources, "socket": delays["socket"].summary()}
        for name, process in processes.items():
            result[name] = {"processor": (processor(process) - before[name]) / duration,
                            "resident": memory(process)[0], "anonymous": memory(process)[1],
                            **delays[name].summary()}
        feeder.join()
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(timeout=20)
    print(json.dumps(result))


main()
