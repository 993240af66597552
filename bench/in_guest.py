#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Benches that need device mapper, in one boot of a virtual machine.

usage: bench/in_guest.py BUILD [steps] [reads]

BUILD is a build folder with open_steps, guest_reads and tdxvfs
(cmake --build --preset release --target open_steps guest_reads tdxvfs).
steps: milliseconds of each step of an opening, ours and by bare library calls.
reads: reads through loop, crypt, verity and file system, ours and as the old
scripts set it up; with two processors, then with one. Needs what tests/vm/run
needs, and cryptsetup and mke2fs.
"""
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "vm"))
sys.dont_write_bytecode = True

from rig import accel, kernel, root_image  # noqa: E402
from rig.machine import Machine  # noqa: E402
from rig.shell import RigError, run  # noqa: E402
from rig.suite import missing_tools  # noqa: E402

MEBIBYTE = 1 << 20
WEIGHTS = 24 * MEBIBYTE
OLD_SIZE = 32 * MEBIBYTE  # of the old file system
REDUCE = 16 * MEBIBYTE    # that cryptsetup asks for beside it
DATA_DISK = 256 * MEBIBYTE
HERE = "/var/lib/tdxvfs"  # where the guest has the data disk
PROGRAMS = {"steps": f"open_steps {HERE}/sealed.img {HERE}/sealed.json {HERE}/key",
            "reads": f"guest_reads {HERE}"}


def old_image(model, image, key, sector):
    """As the old scripts' volumes, made without device mapper."""
    with open(image, "wb") as file:
        file.truncate(OLD_SIZE + REDUCE)
    run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", model, image, f"{OLD_SIZE // MEBIBYTE}M")
    run("cryptsetup", "reencrypt", "--encrypt", "-q", "--pbkdf", "pbkdf2",
        "--pbkdf-force-iterations", "1000", "--sector-size", sector,
        "--reduce-device-size", f"{REDUCE // MEBIBYTE}M", "-d", key, image)


def fill(build, disk, model):
    """Images and programs for the guest's data disk."""
    model.mkdir()
    disk.mkdir()
    (model / "weights").write_bytes(os.urandom(WEIGHTS))
    key = disk / "key"
    key.write_text(secrets.token_hex(32), encoding="ascii")
    key.chmod(0o600)
    run(build / "bin" / "tdxvfs", "volume", "pack", model, disk / "sealed.img",
        "--key-file", key, "--manifest", disk / "sealed.json")
    for sector in (512, 4096):
        old_image(model, disk / f"old-{sector}.img", key, sector)
    for command in PROGRAMS.values():
        shutil.copy(build / "bench" / command.split()[0], disk)


def boot(work):
    """A guest with two processors and the data disk."""
    disk = work / "data.img"
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", work / "disk", disk,
        f"{DATA_DISK // MEBIBYTE}M")
    the_kernel = kernel.build()
    image = root_image.build(the_kernel)
    return Machine(the_kernel, image, accel.choose(the_kernel, image), disks=[disk],
                   memory_mb=1024, processors=2, log=work / "console")


def measure(guest, chosen):
    """Runs the programs and prints what they print."""
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    print(f"guest: {guest.accel}; load of this machine before: {load}", flush=True)
    for processors in (2, 1):
        guest.run(f"echo {processors - 1} > /sys/devices/system/cpu/cpu1/online")
        for name in chosen:
            print(f"\n== {name}, processors: {processors}", flush=True)
            print(guest.run(f"{HERE}/{PROGRAMS[name]}", timeout=1200), end="", flush=True)


def main():
    """Reads the command line; see the top of this file."""
    arguments = sys.argv[1:]
    if not arguments or not set(arguments[1:]) <= set(PROGRAMS):
        print(__doc__, file=sys.stderr)
        return 2
    reason = missing_tools()
    if reason:
        print(f"in_guest.py: {reason}", file=sys.stderr)
        return 1
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    work = Path(tempfile.mkdtemp(prefix="tdxvfs-bench."))
    guest = None
    try:
        fill(Path(arguments[0]).resolve(), work / "disk", work / "model")
        guest = boot(work)
        guest.start()
        measure(guest, arguments[1:] or list(PROGRAMS))
    except RigError as error:
        print(f"in_guest.py: {error}", file=sys.stderr)
        return 1
    finally:
        if guest:
            guest.stop()
        shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    # Ended from outside, it still ends the guest that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
