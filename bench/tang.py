#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Releases of the key server against recoveries of a tang server, in one run.

usage: bench/tang.py BUILD [ROUNDS]

BUILD is a build folder with tdxvfs-keyserver and boot_storm_bench
(cmake --build --preset release --target tdxvfs-keyserver boot_storm_bench).
In each round, on the same core:
  tang      tangd behind socat, one process for each connection as systemd runs
            it, answers recoveries by several clients on another core
  releases  the key server releases to guests over fresh TLS connections
Prints how many of each a core's full second of CPU time is good for, and the
ratio. Needs Debian's tang, jose and socat.
"""
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TANGD = "/usr/libexec/tangd"
SERVER_CORE, CLIENT_CORE = 0, 1
RECOVERIES = 400
CLIENTS = 4
STORM = ("2000", "2", "48")  # guests, seconds, attempts at once


def run(*command):
    """What a command that must succeed prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_keys(folder):
    """A tang server's keys, and a client's request: path and body."""
    keys = folder / "keys"
    keys.mkdir()
    run("/usr/libexec/tangd-keygen", keys)
    for key in keys.iterdir():
        if '"deriveKey"' in key.read_text():
            thumbprint = run("jose", "jwk", "thp", "-i", key, "-a", "S256").strip()
    request = folder / "request.jwk"
    run("jose", "jwk", "gen", "-i", '{"alg":"ECMR"}', "-o", request)
    return keys, f"/rec/{thumbprint}", run("jose", "jwk", "pub", "-i", request)


def cpu_seconds(process):
    """User and system time of a process and of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def recover(port, path, body, answers):
    for _ in range(RECOVERIES // CLIENTS):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("POST", path, body, {"Content-Type": "application/jwk+json"})
        answer = connection.getresponse()
        if answer.status == 200 and b'"x"' in answer.read():
            answers.append(answer)
        connection.close()


def wait_for(port):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("socat does not listen")


def tang_rate(keys, path, body):
    """Recoveries for each second of CPU time."""
    port = free_port()
    server = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CORE), "socat",
         f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,backlog=64", f"EXEC:{TANGD} {keys}"],
        stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        before = cpu_seconds(server.pid)
        answers = []
        clients = [threading.Thread(target=recover, args=(port, path, body, answers))
                   for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        if len(answers) != RECOVERIES:
            sys.exit(f"tangd answered {len(answers)} of {RECOVERIES}")
        time.sleep(0.5)  # its last children end
        return RECOVERIES / (cpu_seconds(server.pid) - before)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def release_rate(build):
    """Releases for each second of CPU time."""
    out = run(build / "bench" / "boot_storm_bench", build / "bin" / "tdxvfs-keyserver", *STORM)
    cpu = re.search(r"CPU ([0-9.]+) s", out)
    if f"{STORM[0]} of {STORM[0]}, lost: 0" not in out or not cpu:
        sys.exit(f"the storm did not end well:\n{out}")
    return int(STORM[0]) / float(cpu[1])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build, rounds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else 3
    os.sched_setaffinity(0, {CLIENT_CORE})
    tangs, releases = [], []
    with tempfile.TemporaryDirectory(prefix="tdxvfs-tang-") as folder:
        keys, path, body = make_keys(Path(folder))
        for _ in range(rounds):
            tangs.append(tang_rate(keys, path, body))
            releases.append(release_rate(build))
    ratios = [ours / theirs for ours, theirs in zip(releases, tangs)]
    print(f"tang recoveries  {statistics.median(tangs):7.0f}/s of one core")
    print(f"releases         {statistics.median(releases):7.0f}/s of one core")
    print(f"releases / recoveries  {statistics.median(ratios):.2f} (wanted: 8)")


if __name__ == "__main__":
    main()
