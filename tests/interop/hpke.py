# SPDX-License-Identifier: Apache-2.0
"""RFC 9180 base mode, recipient's side, written from the RFC alone.

Suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
"""
import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_SUITE = b"KEM" + (0x0020).to_bytes(2, "big")
HPKE_SUITE = b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (0x20, 0x01, 0x02))


def extract(salt, key):
    return hmac.new(salt or bytes(32), key, hashlib.sha256).digest()


def expand(key, info, length):
    output, block, counter = b"", b"", 1
    while len(output) < length:
        block = hmac.new(key, block + info + bytes([counter]),
                         hashlib.sha256).digest()
        output += block
        counter += 1
    return output[:length]


def labeled_extract(suite, salt, label, key):
    return extract(salt, b"HPKE-v1" + suite + label + key)


def labeled_expand(suite, key, label, info, length):
    return expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label +
                  info, length)


class Recipient:
    """The context that the holder of `private_key` derives from `enc`."""

    def __init__(self, enc, private_key, public_key, info):
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(enc))
        kem_key = labeled_extract(KEM_SUITE, b"", b"eae_prk", shared)
        secret = labeled_expand(KEM_SUITE, kem_key, b"shared_secret",
                                enc + public_key, 32)
        context = (b"\x00" +
                   labeled_extract(HPKE_SUITE, b"", b"psk_id_hash", b"") +
                   labeled_extract(HPKE_SUITE, b"", b"info_hash", info))
        key = labeled_extract(HPKE_SUITE, secret, b"secret", b"")
        self._key = labeled_expand(HPKE_SUITE, key, b"key", context, 32)
        self._nonce = labeled_expand(HPKE_SUITE, key, b"base_nonce", context,
                                     12)
        self._exporter = labeled_expand(HPKE_SUITE, key, b"exp", context, 32)

    def open(self, ciphertext):
        return AESGCM(self._key).decrypt(self._nonce, ciphertext, b"")

    def export(self, label, length):
        return labeled_expand(HPKE_SUITE, self._exporter, b"sec", label,
                              length)
