#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packing a model against its floor and its peer, in one run.

usage: bench/pack.py TDXVFS FOLDER [MIB...]

Makes a model of MIB MiB (default: 1024) in FOLDER and times, in turns:
  write    dd of the same bytes to the same disk, with fsync
  hash     SHA-256 over them by OpenSSL, one part for each core at once
  pack     tdxvfs volume pack, from the directory
  tar      the same, from tar through a pipe
  verify   tdxvfs volume verify of the image just packed, every byte
  peer     cryptsetup reencrypt --encrypt on a copy, then veritysetup format
The floor is the slower of write and hash. Prints medians, ratios and the
highest resident memory of pack. Needs cryptsetup, veritysetup, openssl, tar and
five times the model in FOLDER.
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = 3
MEBIBYTE = 1 << 20


def run(*command, stdin=None):
    """Seconds and resident KiB of a command that must succeed."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed: {status}")
    child.returncode = 0
    return time.monotonic() - start, usage.ru_maxrss


def make_model(folder, mebibytes):
    """Four files of random bytes, as weights are."""
    model = os.path.join(folder, "model")
    os.mkdir(model)
    for part in range(4):
        with open(os.path.join(model, f"part-{part}"), "wb") as file:
            for _ in range(mebibytes // 4):
                file.write(os.urandom(MEBIBYTE))
    os.sync()
    return model


def write(model, folder):
    target = os.path.join(folder, "copy")
    parts = [os.path.join(model, name) for name in sorted(os.listdir(model))]
    with subprocess.Popen(["cat", *parts], stdout=subprocess.PIPE) as source:
        seconds, _ = run("dd", f"of={target}", "bs=1M", "iflag=fullblock",
                         "conv=fsync", "status=none", stdin=source.stdout)
    os.remove(target)
    return seconds


def hash_all(model):
    """The parts share the cores evenly, each process one core."""
    cores = len(os.sched_getaffinity(0))
    parts = [os.path.join(model, name) for name in sorted(os.listdir(model))]
    shares = [parts[core::cores] for core in range(cores)]
    start = time.monotonic()
    children = [subprocess.Popen(["openssl", "dgst", "-sha256", *share],
                                 stdout=subprocess.DEVNULL)
                for share in shares if share]
    if any(child.wait() != 0 for child in children):
        sys.exit("openssl failed")
    return time.monotonic() - start


def pack(tdxvfs, model, folder, from_tar):
    image = os.path.join(folder, "packed")
    command = [tdxvfs, "volume", "pack", "-" if from_tar else model, image,
               "--key-file", os.path.join(folder, "key"),
               "--manifest", os.path.join(folder, "manifest")]
    if from_tar:
        with subprocess.Popen(["tar", "-C", model, "-cf", "-", "."],
                              stdout=subprocess.PIPE) as source:
            result = run(*command, stdin=source.stdout)
    else:
        result = run(*command)
    return result


def verify(tdxvfs, folder):
    """Of what pack left, and removes it."""
    image = os.path.join(folder, "packed")
    manifest = os.path.join(folder, "manifest")
    seconds, _ = run(tdxvfs, "volume", "verify", image, "--manifest", manifest,
                     "--key-file", os.path.join(folder, "key"))
    os.remove(image)
    os.remove(manifest)
    return seconds


def peer(model, folder):
    """Copying the data and making a file system are given for nothing."""
    data = os.path.join(folder, "peer")
    tree = os.path.join(folder, "tree")
    with open(data, "wb") as target:
        for name in sorted(os.listdir(model)):
            with open(os.path.join(model, name), "rb") as source:
                shutil.copyfileobj(source, target, MEBIBYTE)
        target.truncate(target.tell() + 32 * MEBIBYTE)
    os.sync()
    verity, _ = run("veritysetup", "format", data, tree)
    encrypt, _ = run("cryptsetup", "reencrypt", "--encrypt", "-q", "--pbkdf",
                     "pbkdf2", "--pbkdf-force-iterations", "1000",
                     "--sector-size", "4096", "--reduce-device-size", "32M",
                     "-d", os.path.join(folder, "key"), data)
    os.remove(data)
    os.remove(tree)
    return verity + encrypt


def measure(tdxvfs, folder, mebibytes):
    model = make_model(folder, mebibytes)
    times = {name: [] for name in ("write", "hash", "pack", "tar", "verify",
                                 "peer")}
    memory = 0
    for _ in range(ROUNDS):
        times["write"].append(write(model, folder))
        times["hash"].append(hash_all(model))
        for name in ("pack", "tar"):
            seconds, resident = pack(tdxvfs, model, folder, name == "tar")
            times[name].append(seconds)
            times["verify"].append(verify(tdxvfs, folder))
            memory = max(memory, resident)
        times["peer"].append(peer(model, folder))
    shutil.rmtree(model)
    median = {name: statistics.median(all_) for name, all_ in times.items()}
    floor = max(median["write"], median["hash"])
    print(f"{mebibytes} MiB")
    for name, seconds in median.items():
        print(f"  {name:6} {seconds:8.2f} s  {mebibytes / seconds:7.0f} MiB/s"
              f"  of the floor {100 * floor / seconds:4.0f} %"
              f"  times the peer {median['peer'] / seconds:5.2f}")
    print(f"  resident memory of pack: {memory / 1024:.0f} MiB", flush=True)


def main():
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[2], "tdxvfs-pack-bench")
    os.mkdir(folder)
    try:
        with open(os.path.join(folder, "key"), "w", encoding="ascii") as key:
            key.write(os.urandom(32).hex())
        os.chmod(os.path.join(folder, "key"), 0o600)
        for mebibytes in sys.argv[3:] or ["1024"]:
            measure(sys.argv[1], folder, int(mebibytes))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
