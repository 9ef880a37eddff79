# SPDX-License-Identifier: GPL-3.0-or-later
"""reloads AUDIO SOURCES RELOADS: prints the bytes that are resident before and after many reloads of playing sources.

AUDIO is raw: 16 bits, 48 000 Hz, stereo (make bench leaves .build/bench/audio.raw). In turn a reload changes the estimator,
the update interval and the name of a source, and changes nothing.
"""
import json
import os
import sys
import threading
import time

from daemon import HOP, HOP_BYTES, Daemon

RELOAD = b'{"jsonrpc":"2.0","id":1,"method":"reload"}\n'
# genred returns memory five seconds after a start or a reload. At most fifteen seconds later it has written changes to its
# history, and holds what it holds from then on.
SETTLE = 21.0


def feed(fifos, audio, stop):
    turn = 0
    while not stop.wait(HOP):
        place = turn % (len(audio) // HOP_BYTES) * HOP_BYTES
        for fifo in fifos:
            try:
                os.write(fifo, audio[place : place + HOP_BYTES])
            except (BlockingIOError, BrokenPipeError):
                pass
        turn += 1


def reload(daemon, text):
    with open(f"{daemon.folder.name}/genred.yaml", "w") as file:
        file.write(text)
    with daemon.connect() as client:
        client.sendall(RELOAD)
        answer = json.loads(client.makefile().readline())
        assert "error" not in answer, answer


def main():
    with open(sys.argv[1], "rb") as file:
        audio = file.read()
    with Daemon(int(sys.argv[2])) as daemon:
        with open(f"{daemon.folder.name}/genred.yaml") as file:
            text = file.read()
        stop = threading.Event()
        threading.Thread(target=feed, args=(daemon.open_fifos(), audio, stop), daemon=True).start()
        time.sleep(SETTLE)
        before = daemon.memory()[0]
        changed = [text + "estimator: {enter: 0.3}\n", text + "update: 0.48\n", text.replace("name: s0,", "name: t0,"), text]
        for number in range(int(sys.argv[3])):
            reload(daemon, changed[number % len(changed)])
        reload(daemon, text)
        time.sleep(SETTLE)
        print(before, daemon.memory()[0])
        stop.set()


main()
