# SPDX-License-Identifier: GPL-3.0-or-later
"""bench [--quick] [--outlets] [--audio FILE] [--out FOLDER]

Measures the cost of listening, and other tools beside it, in one run. Writes a table, the same figures as JSON, and a
plot. Run it by make bench, which builds genred and installs the other tools' Python packages (bench/requirements.txt).

The machine must be idle. FILE is any music that ffmpeg reads; the default is a composed piece.
"""
import argparse
import json
import os
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from daemon import (
    BINARIES, BYTES_PER_SECOND, CHANNELS, FORMAT, GENRECTL, GENRED, HOP, HOP_BYTES, INSTALLED, RATE, ROOT, SUBSCRIBE,
    UPDATE, Daemon, woken)

HERE = pathlib.Path(__file__).resolve().parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
MODEL = ROOT / "Sources/Model/Resources/default.safetensors"


def report(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options).stdout


def prepare(audio, folder):
    """Converts the recording to 16 bits, 48 kHz, stereo. Returns the paths of a WAV file and of a raw file."""
    wav, raw = folder / "audio.wav", folder / "audio.raw"
    if audio is None:
        audio = folder / "composed.wav"
        if not audio.exists():
            report("Composing a minute of music")
            run(BINARIES / "genred-programme", "render", audio, "--genre", "jazz", "--seconds", "60")
    for target, form in ((wav, "wav"), (raw, "s16le")):
        run("ffmpeg", "-v", "error", "-y", "-i", audio, "-ac", CHANNELS, "-ar", RATE, "-t", 120, "-f", form, target)
    return wav, raw


def end_to_end(raw, *options, seconds):
    """Processor time, per second of audio, of a daemon that reads standard input at full speed. The time to start,
    known from a run over one second, is subtracted."""

    def used(length):
        before = os.times()
        # A history that begins empty: not the user's own, which has what earlier runs left.
        folder = tempfile.TemporaryDirectory()
        daemon = subprocess.Popen(
            [GENRED, "--source", f"x=pipe:-?{FORMAT}", "--log-level", "error", "--socket", f"{folder.name}/genred.sock",
             "--history", f"{folder.name}/history.sqlite", *options], stdin=subprocess.PIPE)
        audio = raw.read_bytes()
        left = int(length * BYTES_PER_SECOND)
        while left > 0:
            piece = audio[:left]
            daemon.stdin.write(piece)
            left -= len(piece)
        daemon.stdin.close()
        daemon.wait()
        folder.cleanup()
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return statistics.median((used(seconds) - used(1)) / (seconds - 1) for _ in range(5))


def latency(raw, seconds):
    """Latency in seconds, from writing a window's last sample to the estimate's arrival at a subscriber; memory in
    bytes with one source; wake-ups per second, playing and idle; seconds to start and of one genrectl."""
    import selectors

    audio = raw.read_bytes()
    with Daemon(1) as daemon:
        time.sleep(1)
        begin, wakeups = time.monotonic(), daemon.wakeups()
        time.sleep(10)
        idle = woken(wakeups, daemon.wakeups()) / (time.monotonic() - begin)
        (fifo,) = daemon.open_fifos()
        client = daemon.connect()
        client.sendall(SUBSCRIBE)
        time.sleep(0.2)
        client.recv(1 << 20)
        selector = selectors.DefaultSelector()
        selector.register(client, selectors.EVENT_READ)
        delays, written = [], 0.0
        begin, wakeups = time.monotonic(), daemon.wakeups()
        for turn in range(int(seconds / HOP)):
            due = begin + turn * HOP
            while (left := due - time.monotonic()) > 0:
                if selector.select(left):
                    arrived = time.monotonic()
                    client.recv(1 << 20)
                    delays.append(arrived - written)
            offset = turn % (len(audio) // HOP_BYTES) * HOP_BYTES
            os.write(fifo, audio[offset : offset + HOP_BYTES])
            written = time.monotonic()
        playing = woken(wakeups, daemon.wakeups()) / (time.monotonic() - begin)
        memory, start = daemon.memory(), daemon.start
        trips = []
        for _ in range(20):
            begin = time.monotonic()
            run(GENRECTL, "--socket", daemon.path, "current")
            trips.append(time.monotonic() - begin)
    delays = sorted(delays[4:])
    return {
        "latency_p50": delays[len(delays) // 2], "latency_p99": delays[len(delays) * 99 // 100],
        "wakeups_idle": idle, "wakeups_playing": playing, "resident": memory[0], "anonymous": memory[1],
        "ready": start, "current": statistics.median(trips)}


def allocations(raw, folder, seconds=20):
    """Allocations per second of the analysis threads and of all others, with one source in real time and one
    subscriber."""
    library, table = folder / "allocations.so", folder / "allocations"
    run("cc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "allocations.c")
    table.unlink(missing_ok=True)
    audio = raw.read_bytes()
    with Daemon(1, environment={"LD_PRELOAD": str(library), "ALLOCATIONS": str(table)}) as daemon:

        def counts():
            return dict(struct.iter_unpack("qq", table.read_bytes()))

        (fifo,) = daemon.open_fifos()
        with daemon.connect() as client:
            client.sendall(SUBSCRIBE)
            for turn in range(int(seconds / HOP)):
                if turn == int(seconds / HOP / 2):
                    begin, before = time.monotonic(), counts()
                os.write(fifo, audio[turn * HOP_BYTES : (turn + 1) * HOP_BYTES])
                time.sleep(HOP)
            after, duration, names = counts(), time.monotonic() - begin, daemon.threads()
    rates = {"analysis": 0.0, "others": 0.0}
    for thread, name in names.items():
        kind = "analysis" if name.startswith("analysis") else "others"
        rates[kind] += (after.get(thread, 0) - before.get(thread, 0)) / duration
    return rates


def hour(raw):
    """Bytes of memory before and after an hour of audio, fed at full speed."""
    audio = raw.read_bytes()
    with Daemon(1) as daemon:
        (fifo,) = daemon.open_fifos()
        os.set_blocking(fifo, True)

        def feed(length):
            left = int(length * BYTES_PER_SECOND)
            while left > 0:
                left -= os.write(fifo, audio[: min(left, len(audio))])

        feed(60)
        time.sleep(0.5)
        before = daemon.memory()[0]
        feed(3600)
        time.sleep(0.5)
        return before, daemon.memory()[0]


def beside(raw, seconds, rounds):
    """genred at full speed and the other tools, in turn, because a shared machine is now faster and now slower. Returns each
    round's figures."""
    report("genred at full speed; librosa, Essentia, kaldi-native-fbank with ONNX Runtime and, if it is installed, PyTorch")
    return [{"genred": end_to_end(raw, seconds=seconds), "peers": peers(raw)} for _ in range(rounds)]


def medians(rounds):
    """The other tools' medians over the rounds."""
    return [{**peer, "seconds": statistics.median(each["peers"][index]["seconds"] for each in rounds)}
            for index, peer in enumerate(rounds[0]["peers"])]


def cheapest(peers, what):
    return min(peer["seconds"] for peer in peers if peer["what"] == what)


def peers(raw):
    lines = run(sys.executable, HERE / "peers.py", raw, MODEL, env={**os.environ, **ONE_THREAD}).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def scale(raw, sources, seconds):
    report(f"{sources} sources at the pace of real time")
    return json.loads(run(sys.executable, HERE / "scale.py", raw, sources, seconds).splitlines()[-1])


def live(wav, seconds):
    report("One station, fed by ffmpeg")
    return json.loads(run(sys.executable, HERE / "live.py", wav, seconds, timeout=300).splitlines()[-1])


def outlets(raw, sources, seconds):
    report(f"The outlets with {sources} sources")
    return json.loads(run(sys.executable, HERE / "outlets.py", raw, sources, seconds).splitlines()[-1])


def measure(options, folder):
    wav, raw = prepare(options.audio, folder)
    result = {"machine": machine(), "audio": str(options.audio or "composed"), "commit": commit(), "quick": options.quick}
    result["outlets"] = [outlets(raw, count, 60 if options.quick else 120) for count in (1, 100)]
    if options.outlets:
        return result
    result["live"] = live(wav, 20 if options.quick else 60)
    report("Stages")
    stages = [json.loads(line) for line in run(BINARIES / "genred-bench", wav).splitlines()]
    result["stages"] = {stage["stage"]: stage["seconds"] for stage in stages}
    seconds = 300 if options.quick else 1200
    result["rounds"] = beside(raw, seconds, 1 if options.quick else 5)
    result["peers"] = medians(result["rounds"])
    report("The daemon, end to end")
    result["updates"] = {
        "4.2": statistics.median(each["genred"] for each in result["rounds"]),
        "1.04": end_to_end(raw, "--config", every(0.96, folder), seconds=seconds),
        "16.7": end_to_end(raw, "--config", every(0.06, folder), seconds=seconds),
    }
    result["silence"] = end_to_end(silence(folder), seconds=seconds)
    report("Latency, memory, start")
    result.update(latency(raw, 10 if options.quick else 30))
    result["hour"] = hour(raw)
    reloads = 100 if options.quick else 1000
    report(f"Memory after {reloads} reloads")
    sizes = run(sys.executable, HERE / "reloads.py", raw, 50, reloads).split()
    result["reloads"] = {"count": reloads, "sources": 50, "before": int(sizes[0]), "after": int(sizes[1])}
    result["allocations"] = allocations(raw, folder)
    result["installed"] = sum(file.lstat().st_size for file in INSTALLED.rglob("*") if not file.is_dir())
    result["package"] = package()
    counts = [1, 10, 100] if options.quick else [1, 10, 100, 500, 1000, 2000]
    result["scale"] = [scale(raw, count, 18 if options.quick else 36) for count in counts]
    return result


def every(seconds, folder):
    """Writes a configuration with this update interval, and returns its path."""
    path = folder / "update.yaml"
    path.write_text(f"update: {seconds}\n")
    return path


def silence(folder):
    path = folder / "silence.raw"
    path.write_bytes(bytes(10 * BYTES_PER_SECOND))
    return path


def package():
    """Size in bytes of the newest Debian package; None without one."""
    packages = sorted(ROOT.glob("genred_*.deb"), key=lambda path: path.stat().st_mtime)
    return packages[-1].stat().st_size if packages else None


def commit():
    found = run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip()
    changed = run("git", "-C", ROOT, "status", "--porcelain", "--", "Sources", "Package.swift", "scripts", "Makefile").strip()
    return found + (" with changes" if changed else "")


def machine():
    names = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return f"{names[0] if names else os.uname().machine}, {os.cpu_count()} processors"


def milliseconds(seconds):
    return f"{1000 * seconds:.3f}"


def aligned(rows):
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{first:<{width}}  {second:>10}  {third}".rstrip() for first, second, third in rows)


def outlets_table(result):
    rows = [("outlets, sources at the pace of real time", "ms/s", "memory; change to receiver, median and 99 %")]
    for entry in result["outlets"]:
        plural = "" if entry["sources"] == 1 else "s"
        for name, text in (("mqtt", "MQTT"), ("web", "event stream"), ("hook", "webhook")):
            each = entry[name]
            rows.append((f"{text}, {entry['sources']} source{plural}", f"{1000 * each['processor']:.2f}",
                         f"{each['resident'] / 2**20:.1f} MiB; {delay(each)}"))
        rows.append((f"control socket, {entry['sources']} source{plural}", "", f"          {delay(entry['socket'])}"))
    return aligned(rows)


def delay(each):
    if not each["count"]:
        return "no change"
    return f"{1000 * each['median']:.1f} ms, {1000 * each['p99']:.1f} ms, of {each['count']} changes"


def table(result):
    whole = result["updates"]["4.2"]
    station = result["live"]
    rows = [("one station, fed by ffmpeg in pieces of 20 ms", "", ""),
            ("processor time a second", f"{milliseconds(station['processor'])} ms", ""),
            ("  of a program that only reads", f"{milliseconds(station['reading'])} ms", ""),
            ("wake-ups a second", f"{station['wakeups']:.1f}", ""),
            ("last sample to notification, median and 99 %",
             f"{1000 * station['delay_p50']:.1f} ms", f"{1000 * station['delay_p99']:.1f} ms"),
            ("resident memory; anonymous part",
             f"{station['resident'] / 2**20:.1f} MiB", f"{station['anonymous'] / 2**20:.1f} MiB"), ("", "", "")]
    rows.append(("processor time per second of audio, 48 kHz stereo", "ms", "of genred's"))
    rows.append(("genred, pipe to estimate, 4.2 updates a second", milliseconds(whole), "1.00"))
    for name, seconds in [("1.04 updates a second", result["updates"]["1.04"]),
                          ("16.7 updates a second", result["updates"]["16.7"]), ("silence", result["silence"])]:
        rows.append((f"  the same, {name}", milliseconds(seconds), f"{seconds / whole:.2f}"))
    inside = 0.0
    for name, text in [("resample", "resampling"), ("spectrum", "frames and FFT"), ("coefficients", "mel and MFCC"),
                       ("network", "network"), ("estimator", "estimator")]:
        seconds = result["stages"][name]
        inside += seconds
        rows.append((f"    part: {text}", milliseconds(seconds), f"{seconds / whole:.2f}"))
    rows.append(("    part: pipe, hand-over, publishing", milliseconds(whole - inside),
                 f"{(whole - inside) / whole:.2f}"))
    front_end = result["stages"]["spectrum"] + result["stages"]["coefficients"]
    rows.append(("genred's front end alone, from 22 050 Hz", milliseconds(front_end), f"{front_end / whole:.2f}"))
    for kind, text in (("whole", ""), ("front end", "front end alone: ")):
        for peer in result["peers"]:
            if peer["what"] == kind:
                rows.append((text + peer["name"], milliseconds(peer["seconds"]), f"{peer['seconds'] / whole:.1f}"))
    rows.append(("", "", ""))
    rows.append(("sources at the pace of real time", "ms/s each", "late p99, lost, memory each"))
    base = result["scale"][0]
    for entry in result["scale"]:
        each = (entry["resident"] - base["resident"]) / max(1, entry["sources"] - 1) / 1024
        lost = entry["dropped"] + entry["full"]
        memory = f"{each:.0f} KiB" if entry["sources"] > 1 else "–"
        rows.append((f"{entry['sources']} sources, {entry['threads']} threads", milliseconds(entry["processor"]),
                     f"{1000 * entry['late_p99']:.1f} ms, {lost}, {memory}"))
    rows.append(("", "", ""))
    rows.append(("start to READY", f"{1000 * result['ready']:.0f} ms", ""))
    rows.append(("genrectl current, whole command", f"{1000 * result['current']:.0f} ms", ""))
    rows.append(("last sample to notification, median and 99 %",
                 f"{1000 * result['latency_p50']:.1f} ms", f"{1000 * result['latency_p99']:.1f} ms"))
    rows.append(("resident memory, one source; anonymous part",
                 f"{result['resident'] / 2**20:.1f} MiB", f"{result['anonymous'] / 2**20:.1f} MiB"))
    rows.append(("  before and after an hour of audio", *[f"{size / 2**20:.1f} MiB" for size in result["hour"]]))
    reloads = result["reloads"]
    rows.append((f"  of {reloads['sources']} sources before and after {reloads['count']} reloads",
                 *[f"{reloads[when] / 2**20:.1f} MiB" for when in ("before", "after")]))
    rows.append(("allocations a second: analysis, all other threads",
                 *[f"{result['allocations'][kind]:.0f}" for kind in ("analysis", "others")]))
    rows.append(("installed, all files", f"{result['installed'] / 2**20:.0f} MiB", ""))
    rows.append(("wake-ups a second, idle and playing",
                 f"{result['wakeups_idle']:.1f}", f"{result['wakeups_playing']:.1f}"))
    return f"{aligned(rows)}\n\n{outlets_table(result)}"


def goals(result):
    """What was wanted, what was measured, and whether that is reached: (text, wanted, measured, reached)."""
    whole = result["updates"]["4.2"]
    front_end = result["stages"]["spectrum"] + result["stages"]["coefficients"]
    peer_front_end = cheapest(result["peers"], "front end")
    station, update = result["live"], UPDATE
    by_count = {entry["sources"]: entry for entry in result["scale"]}
    rows = []

    def most(text, wanted, value, form, factor=1.0):
        rows.append((text, f"at most {form.format(wanted)}", form.format(value * factor), value * factor <= wanted))

    def least(text, wanted, value, every=()):
        """`every`: the rounds' values, where there are several."""
        range_text = f" ({min(every):.1f} – {max(every):.1f})" if len(every) > 1 else ""
        rows.append((text, f"at least {wanted:.1f} times", f"{value:.1f} times{range_text}", value >= wanted))

    def times(what):
        return [cheapest(each["peers"], what) / each["genred"] for each in result["rounds"]]

    most("one live station: processor time a second", 0.8, station["processor"], "{:.2f} ms", 1000)
    most("one live station: wake-ups an update", 2, station["wakeups"] * update, "{:.2f}")
    most("one live station: last sample to estimate, 99 %", 20, station["delay_p99"], "{:.1f} ms", 1000)
    most("one live station: resident memory", 25, station["resident"], "{:.1f} MiB", 2**-20)
    if 100 in by_count:
        entry, one = by_count[100], by_count[1]
        most("100 sources: wake-ups an update and source", 1.3, entry["wakeups"] * update / 100, "{:.2f}")
        most("memory of an added source", 128, (entry["resident"] - one["resident"]) / 99, "{:.0f} KiB", 2**-10)
    reloads = result["reloads"]
    most(f"memory after {reloads['count']} reloads, relative to before", 105,
         100 * reloads["after"] / reloads["before"], "{:.1f} %")
    least("less processor time than the cheapest Python way", 10, cheapest(result["peers"], "whole") / whole, times("whole"))
    least("its front end, less than the cheapest front end alone", 2, peer_front_end / front_end)
    least("all of it, less than the cheapest front end alone", 2, peer_front_end / whole, times("front end"))
    most("start to READY", 25, result["ready"], "{:.0f} ms", 1000)
    most("genrectl current", 10, result["current"], "{:.0f} ms", 1000)
    most("allocations a second of the analysis", 0, round(result["allocations"]["analysis"]), "{:.0f}")
    if result["package"]:
        most("the package, to download", 15, result["package"], "{:.1f} MB", 1e-6)
    most("all files, installed", 45, result["installed"], "{:.1f} MB", 1e-6)
    if 2000 in by_count:
        entry = by_count[2000]
        most("2000 live sources: pieces and samples lost", 0, entry["dropped"] + entry["full"], "{:.0f}")
        most("2000 live sources: late, 99 %", 25, entry["late_p99"], "{:.0f} ms", 1000)
    return rows


def goals_table(result):
    lines = ["| | wanted | measured | reached |", "| --- | --- | --- | --- |"]
    lines += [f"| {text} | {wanted} | {measured} | {'yes' if reached else '**no**'} |"
              for text, wanted, measured, reached in goals(result)]
    return "\n".join(lines)


def plot(result, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    whole = [("genred", result["updates"]["4.2"])]
    whole += [(peer["name"], peer["seconds"]) for peer in result["peers"] if peer["what"] == "whole"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2))
    left.barh([name for name, _ in whole], [1000 * seconds for _, seconds in whole],
              color=["#2a7f62"] + ["#b0b0b0"] * (len(whole) - 1))
    left.invert_yaxis()
    left.set_xlabel("ms of processor per second of audio")
    for index, (_, seconds) in enumerate(whole):
        left.text(1000 * seconds, index, f" {seconds / whole[0][1]:.1f}×", va="center")
    left.set_xlim(0, 1150 * max(seconds for _, seconds in whole))
    counts = [entry["sources"] for entry in result["scale"]]
    right.plot(counts, [entry["sources"] * entry["processor"] for entry in result["scale"]], "o-", color="#2a7f62")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("sources at the pace of real time")
    right.set_ylabel("processors used")
    right.grid(alpha=0.3, which="both")
    each = right.twinx()
    each.plot(counts, [1000 * entry["processor"] for entry in result["scale"]], "s--", color="#b06030")
    each.set_ylim(bottom=0)
    each.set_ylabel("ms a second and source (dashed)", color="#b06030")
    figure.tight_layout()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audio", type=pathlib.Path, help="music to measure with")
    parser.add_argument("--quick", action="store_true", help="shorter runs, and at most 100 sources")
    parser.add_argument("--outlets", action="store_true", help="the outlets alone, which needs no other tools")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / ".build/bench", help="folder for the results")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    result = measure(options, options.out)
    if options.outlets:
        print(f"{result['machine']}\n\n{outlets_table(result)}")
        return
    (options.out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    text = f"{table(result)}\n\n{goals_table(result)}"
    (options.out / "bench.txt").write_text(f"{result['machine']}\n\n{text}\n")
    plot(result, options.out / "bench.svg")
    print(f"{result['machine']}\n\n{text}\n\n{options.out}/bench.txt, bench.json, bench.svg")


if __name__ == "__main__":
    main()
