#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a LUKS2 header say something else, checksums and all, as a cryptsetup
would that has what is missing here: edit_header.py VOLUME JQ_FILTER"""
import hashlib
import subprocess
import sys

BINARY = 4096  # bytes before the JSON
CHECKSUM = 448


def main():
    volume, change = sys.argv[1:]
    with open(volume, "r+b") as file:
        size = int.from_bytes(file.read(16)[8:], "big")
        file.seek(0)
        areas = bytearray(file.read(2 * size))
        text = bytes(areas[BINARY:size]).rstrip(b"\0")
        text = subprocess.run(["jq", "-c", change], input=text, check=True,
                              capture_output=True).stdout.strip()
        for start in (0, size):
            area = areas[start:start + size]
            area[BINARY:] = text.ljust(size - BINARY, b"\0")
            area[CHECKSUM:CHECKSUM + 64] = bytes(64)
            area[CHECKSUM:CHECKSUM + 32] = hashlib.sha256(area).digest()
            areas[start:start + size] = area
        file.seek(0)
        file.write(areas)


main()
