#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The steps of scripts/demo after the packages are built; see there."""
import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from rig import accel, cache, kernel, root_image  # noqa: E402
from rig.scenario import volume_files  # noqa: E402
from rig.shell import RigError  # noqa: E402
from rig.suite import Boot  # noqa: E402
from rig.trusted_side import MODEL_NAME, TrustedSide, policy  # noqa: E402

STATE = cache.SOURCE / "build" / "demo"
KEPT = STATE / "kept.json"
GUEST_PORT = 8443
MODEL_SIZE = 8_000_000
UNIT = "tdxvfs@demo.service"
FIRST_STEP, LAST_STEP = 3, 7


class Steps:
    """Numbered lines with the seconds of each step."""

    def __init__(self):
        self.number = FIRST_STEP - 1
        self.began = None

    def begin(self, text):
        """Ends the step before and says what comes now."""
        self.end()
        self.number += 1
        print(f"[{self.number}/{LAST_STEP}] {text}", flush=True)
        self.began = time.monotonic()

    def end(self):
        """Says how long the step took."""
        if self.began is not None:
            print(f"      done in {time.monotonic() - self.began:.1f} s", flush=True)
        self.began = None


def trusted_side(work):
    """Key server with one registered volume; what a model's owner does."""
    side = TrustedSide(work / "trusted", cache.SOURCE / "build" / "packages")
    server = side.key_server("demo")
    print(f"      key server on 127.0.0.1:{server.port}; it trusts the simulator's root only")
    return side, server


def pack_volume(side, server, boot):
    """A model and its TLS certificate become an encrypted image."""
    model = side.model_directory("demo", MODEL_SIZE)
    volume = side.pack_directory(server, "demo", model, boot.disk / "demo.img")
    server.put_policy("demo", policy())
    boot.files.update(volume_files(volume, server))
    for unit in (UNIT, "model-server@demo.service"):
        boot.files[f"etc/systemd/system/multi-user.target.wants/{unit}"] = None
    print(f"      {volume.image.stat().st_size / 1e6:.1f} MB, encrypted; "
          "the passphrase is in the key server's store and nowhere else")
    return volume


def wait_for_service(guest):
    """Until the TLS server runs, which needs the volume to be open."""
    waiting = """for i in $(seq 300); do
      systemctl is-active --quiet model-server@demo.service && exit 0
      systemctl is-failed --quiet tdxvfs@demo.service && exit 1
      sleep 0.2; done; exit 1"""
    if guest.try_run(waiting, timeout=120).code != 0:
        raise RigError("the volume did not open:\n" +
                       guest.try_run(f"journalctl -b --no-pager -u {UNIT}").out)


def print_timeline(guest):
    """Milliseconds from the start of the unit, out of the agent's own line."""
    journal = guest.run(f"journalctl -b -o json --no-pager -u {UNIT} TDXVFS_EVENT=unlocked")
    entry = json.loads(journal.strip().splitlines()[-1])
    started = int(guest.run(f"systemctl show -P ExecMainStartTimestampMonotonic {UNIT}"))
    steps = [(name, int(value)) for name, value in
             re.findall(r"(quote|release|open|mount) (\d+) ms", entry["MESSAGE"])]
    total = int(re.search(r" in (\d+) ms", entry["MESSAGE"]).group(1))
    written = int(entry["__MONOTONIC_TIMESTAMP"]) // 1000 - started // 1000
    print(f"      boot timeline, milliseconds from the start of {UNIT}:")
    at = max(0, written - total)
    print(f"        {at:6} ms  agent begins")
    for name, took in steps:
        at += took
        print(f"        {at:6} ms  {name:8} (+{took})")
    print(f"        {written:6} ms  unlocked", flush=True)


def verify_from_outside(side, guest, model):
    """A client checks the certificate and compares every byte."""
    port = guest.forwarded_port(GUEST_PORT)
    body = side.fetch(port, "/weights.bin")
    packed = (model / "model" / "weights.bin").read_bytes()
    if body != packed:
        raise RigError("the guest served other bytes than were packed")
    return port, body


def keep(side, server, boot, work, port):
    """Remembers what runs, for --login and --clean."""
    KEPT.write_text(json.dumps({
        "processes": [{"pid": process.pid, "start": _start_time(process.pid)}
                      for process in (boot.machine.process, server.process)],
        "folders": [str(work), str(boot.machine.work)],
        "login": str(boot.machine.work / "login")}), encoding="utf-8")
    ca = side.authority.certificate
    print(f"""
The guest and the key server keep running.
  log in:  scripts/demo --login
  client:  curl --cacert {ca} --resolve {MODEL_NAME}:{port}:127.0.0.1 \\
             https://{MODEL_NAME}:{port}/name
  audit:   {side.program('tdxvfs')} audit list --server unix:{server.socket}
  end it:  scripts/demo --clean""")


def _start_time(pid):
    """Start time of a process, so that a pid used again is not taken for it."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return text.rpartition(")")[2].split()[19]


def stop_kept():
    """Ends what an earlier --keep left running."""
    if not KEPT.exists():
        return
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    for process in kept["processes"]:
        try:
            if _start_time(process["pid"]) == process["start"]:
                os.kill(process["pid"], signal.SIGTERM)
        except (OSError, ProcessLookupError):
            continue
    for folder in kept["folders"]:
        shutil.rmtree(folder, ignore_errors=True)
    KEPT.unlink()


def run_demo(wants_keep):
    """Steps 3 to 7; the last line is the verified bytes."""
    stop_kept()
    STATE.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="tdxvfs-demo."))
    steps = Steps()
    side = boot = None
    kept = False
    try:
        steps.begin("guest image: Debian packages, kernel 6.12, pretend TDX device")
        the_kernel = kernel.build()
        image = root_image.build(the_kernel)
        built = (the_kernel, image, accel.choose(the_kernel, image))
        steps.begin("trusted side: pretend Intel, key server from its package")
        side, server = trusted_side(work)
        steps.begin("pack a model directory and its TLS certificate")
        boot = Boot(work / "guest", side, built, STATE / "console.log", extra=("demo",))
        volume = pack_volume(side, server, boot)
        boot.files["etc/systemd/system/multi-user.target.wants/rig-login.service"] = None
        steps.begin("boot a guest: its unit asks for the key, a TLS server waits for the volume")
        print("      note: this demo's guest is NOT measured; its quotes are the simulator's "
              "and prove nothing")
        print(f"      guest up after {boot.start():.1f} s ({boot.accel})", flush=True)
        wait_for_service(boot.machine)
        print_timeline(boot.machine)
        steps.begin("client outside: certificate and bytes")
        port, body = verify_from_outside(side, boot.machine, volume.secrets_inside)
        steps.end()
        if wants_keep:
            keep(side, server, boot, work, port)
            kept = True
        print(f"verified {len(body)} bytes over TLS 1.3 from {MODEL_NAME}, "
              f"sha256 {hashlib.sha256(body).hexdigest()}")
    finally:
        if not kept:
            if boot:
                boot.stop()
            if side:
                side.stop()
            shutil.rmtree(work, ignore_errors=True)


def main():
    """Reads the command line; scripts/demo is the one to call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--login", action="store_true")
    options = parser.parse_args()
    if options.stop:
        stop_kept()
    elif options.login:
        if not KEPT.exists():
            print("demo: error: no guest was kept running (scripts/demo --keep)", file=sys.stderr)
            return 2
        socket_path = json.loads(KEPT.read_text(encoding="utf-8"))["login"]
        os.execv(sys.executable, [sys.executable, str(Path(__file__).parent / "login"), socket_path])
    else:
        try:
            run_demo(options.keep)
        except RigError as error:
            print(f"demo: error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    # Ended from outside, it still ends the guest and the server that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
