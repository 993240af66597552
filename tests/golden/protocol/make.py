#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints vectors.json: one release exchange with fixed keys and nonce, every
byte computed from docs/protocol.md without any code of the project.

    tests/golden/protocol/make.py > tests/golden/protocol/vectors.json
"""
import hashlib
import hmac
import json
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "interop"))
from hpke import Recipient  # noqa: E402


def field(data):
    return struct.pack(">I", len(data)) + data


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def number_member(number, value):
    return varint(number << 3) + varint(value)


def bytes_member(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def public(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_of(seed):
    return X25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def verity_of(verity):
    return b"".join((
        bytes_member(1, verity["hash"].encode()),
        number_member(2, verity["data_block_size"]),
        number_member(3, verity["hash_block_size"]),
        number_member(4, verity["data_blocks"]),
        number_member(5, verity["hash_start_block"]),
        bytes_member(6, bytes.fromhex(verity["salt"])),
        bytes_member(7, bytes.fromhex(verity["root_hash"]))))


def grant_of(inputs):
    verity = inputs.get("verity")
    return b"".join((
        bytes_member(1, inputs["volume"].encode()),
        number_member(2, 1),  # OPEN
        number_member(3, inputs["version"]),
        bytes_member(4, inputs["passphrase"].encode()),
        bytes_member(5, inputs["uuid"].encode()),
        number_member(6, inputs["header_size"]),
        bytes_member(7, bytes.fromhex(inputs["header_sha256"])),
        bytes_member(8, inputs["header_profile"].encode()),
        bytes_member(9, verity_of(verity)) if verity else b"",
        bytes_member(11, inputs["file_system"].encode()),
    ) + tuple(bytes_member(12, option.encode())
              for option in inputs["mount_options"]))


def outputs_of(inputs):
    guest, server = key_of(0x41), key_of(0x53)
    config = hashlib.sha256(field(inputs["volume_toml"].encode()) +
                            field(inputs["ca_pem"].encode())).digest()
    bound = b"".join(field(part) for part in (
        b"tdxvfs-release-v1", b"OPEN", bytes.fromhex(inputs["nonce"]),
        public(guest), inputs["volume"].encode(),
        bytes.fromhex(inputs["header_sha256"]),
        bytes.fromhex(inputs["certificate_sha256"]), config))
    report_data = hashlib.sha512(bound).digest()
    grant = grant_of(inputs)
    context = Recipient(public(server), guest, public(guest),
                        b"tdxvfs-grant-v1" + report_data)
    sealed = AESGCM(context._key).encrypt(context._nonce, grant, b"")
    outcome_key = context.export(b"tdxvfs-outcome-v1", 32)
    body = number_member(1, 1) + number_member(3, inputs["version"])
    return {
        "guest_public_key": public(guest).hex(),
        "config_digest": config.hex(),
        "report_data": report_data.hex(),
        "grant": grant.hex(),
        "encapsulated_key": public(server).hex(),
        "ciphertext": sealed.hex(),
        "outcome_key": outcome_key.hex(),
        "outcome_body": body.hex(),
        "outcome_mac": hmac.new(outcome_key, body, hashlib.sha256).hexdigest(),
    }


INPUTS = {
    "guest_private_key": (bytes([0x41]) * 32).hex(),
    "server_ephemeral_private_key": (bytes([0x53]) * 32).hex(),
    "nonce": bytes(range(32)).hex(),
    "volume": "resnet-50",
    "header_sha256": hashlib.sha256(b"header").hexdigest(),
    "certificate_sha256": hashlib.sha256(b"certificate").hexdigest(),
    "volume_toml": 'image = "/var/lib/tdxvfs/resnet.img"\n',
    "ca_pem": "-----BEGIN CERTIFICATE-----\n",
    "version": 3,
    "passphrase": "0123456789abcdef" * 4,
    "uuid": "01234567-89ab-cdef-0123-456789abcdef",
    "header_size": 1048576,
    "header_profile": "sealed-1",
    "file_system": "erofs",
    "mount_options": ["ro", "noatime"],
}

VERITY = {
    "hash": "sha256",
    "data_block_size": 4096,
    "hash_block_size": 4096,
    "data_blocks": 25600,
    "hash_start_block": 25600,
    "salt": hashlib.sha256(b"salt").hexdigest(),
    "root_hash": hashlib.sha256(b"root").hexdigest(),
}

VECTORS = (("open-v1", "one OPEN exchange, opened", INPUTS),
           ("open-verity-v1", "the same with dm-verity in the grant",
            {**INPUTS, "verity": VERITY}))

json.dump([{"id": name, "comment": comment, "input": inputs,
            "output": outputs_of(inputs)}
           for name, comment, inputs in VECTORS], sys.stdout, indent=1)
print()
