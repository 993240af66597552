#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From a key slot to the volume key: ours against a volume as cryptsetup makes it.

usage: bench/key_slot.py BUILD

BUILD is a build folder with key_slot_time and tdxvfs
(cmake --build --preset release --target key_slot_time tdxvfs).
In turns:
  ours  the volume key of a packed image, by a passphrase of 256 bits
  peer  cryptsetup open --test-passphrase on a volume with cryptsetup's own
        defaults, argon2id among them
Prints medians and the ratio. Needs cryptsetup, but neither root nor device mapper.
"""
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
MEBIBYTE = 1 << 20


def run(*command):
    """What a command that must succeed prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_volumes(build, folder):
    """A packed image with its manifest, and one that cryptsetup formatted."""
    model = folder / "model"
    model.mkdir()
    (model / "weights").write_bytes(os.urandom(MEBIBYTE))
    key = folder / "key"
    key.write_text(secrets.token_hex(32), encoding="ascii")
    key.chmod(0o600)
    run(build / "bin" / "tdxvfs", "volume", "pack", model, folder / "ours.img",
        "--key-file", key, "--manifest", folder / "ours.json")
    theirs = folder / "theirs.img"
    with open(theirs, "wb") as file:
        file.truncate(32 * MEBIBYTE)
    run("cryptsetup", "luksFormat", "-q", "--type", "luks2", "-d", key, theirs)


def ours(build, folder):
    """Milliseconds."""
    return float(run(build / "bench" / "key_slot_time", folder / "ours.img",
                     folder / "ours.json", folder / "key"))


def peer(folder):
    """Milliseconds."""
    start = time.monotonic()
    run("cryptsetup", "open", "--test-passphrase", "-d", folder / "key", folder / "theirs.img")
    return (time.monotonic() - start) * 1000


def main():
    """Reads the command line; see the top of this file."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    build = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="tdxvfs-bench.") as work:
        folder = Path(work)
        make_volumes(build, folder)
        rounds = [(ours(build, folder), peer(folder)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(column) for column in zip(*rounds))
    print(f"ours: {mine:.2f} ms (wanted: below 10), peer: {theirs:.0f} ms, {theirs / mine:.0f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
