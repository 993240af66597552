#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a LUKS volume around a file system image as cryptsetup and dm-crypt
would, without device mapper: foreign_volume.py CLEAR VOLUME KEY_FILE TYPE"""
import os
import subprocess
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SECTOR = 512  # bytes


def main():
    clear, volume, key_file, kind = sys.argv[1:]
    key = os.urandom(64)
    with open(clear, "rb") as file:
        data = file.read()
    with open(volume, "wb") as file:
        file.truncate(16 * 1024 * 1024 + len(data))
    options = ["--pbkdf", "pbkdf2"] if kind == "luks2" else []
    if kind == "luks2":
        options += ["--sector-size", str(SECTOR)]
    subprocess.run(
        ["cryptsetup", "luksFormat", "-q", "--type", kind, *options,
         "--pbkdf-force-iterations", "1000", "-c", "aes-xts-plain64", "-s", "512",
         "--volume-key-file", "/dev/stdin", "--key-file", key_file, volume],
        input=key, check=True)
    dump = subprocess.run(["cryptsetup", "luksDump", volume], check=True,
                          capture_output=True, text=True).stdout
    if kind == "luks1":
        offset = int(dump.split("Payload offset:")[1].split()[0]) * 512
    else:
        segments = dump[dump.index("Data segments"):]
        offset = int(segments.split("offset:")[1].split()[0])
    with open(volume, "r+b") as file:
        file.seek(offset)
        for number in range(len(data) // SECTOR):
            iv = number.to_bytes(16, "little")  # plain64
            encryptor = Cipher(algorithms.AES(key), modes.XTS(iv)).encryptor()
            at = number * SECTOR
            file.write(encryptor.update(data[at:at + SECTOR]))


main()
