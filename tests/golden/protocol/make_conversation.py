#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints conversation_v1.json: what an agent of version 0.1 and a key server say
on the wire in one release, byte for byte, from docs/protocol.md without any code
of the project. What differs from run to run stands as a name in braces:

    tests/golden/protocol/make_conversation.py > tests/golden/protocol/conversation_v1.json
"""
import json


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def pieces(message):
    """Hex text and names, neighbouring hex joined."""
    joined = []
    for piece in message:
        if joined and "{" not in piece and "{" not in joined[-1]:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def size_of(message):
    return sum(SIZES[p] if p in SIZES else len(p) // 2 for p in message)


def number_member(number, value):
    return [(varint(number << 3) + varint(value)).hex()]


def member(number, value):
    """A length-delimited member of bytes, or of a message of pieces."""
    value = [value.hex()] if isinstance(value, bytes) else value
    return [(varint(number << 3 | 2) + varint(size_of(value))).hex()] + value


# The quote of tests/support/release_rig.cc: v4 with the simulator's chain has no
# fixed size, so its length is a name, too.
SIZES = {"{nonce}": 32, "{public_key}": 32, "{certificate_sha256}": 32,
         "{encapsulated_key}": 32, "{mac}": 32}

HEADER = bytes([7]) + bytes(31)
CONFIG_DIGEST = bytes([9]) + bytes(31)

begin = member(1, [*member(1, b"data"), *number_member(2, 1), *member(3, HEADER),
                   *number_member(4, 1), *member(5, b"0.1.0")])
challenge = member(1, [*member(1, ["{nonce}"]), *number_member(2, 30)])
evidence_after_quote = [*member(2, ["{public_key}"]),
                        *member(4, ["{certificate_sha256}"]),
                        *member(5, CONFIG_DIGEST)]
body = b"".join(bytes.fromhex(p) for p in [*number_member(1, 1),
                                           *number_member(3, 1)])
outcome = member(3, [*member(1, body), *member(2, ["{mac}"])])

print(json.dumps({
    "comment": "agent 0.1 asks for volume 'data' of the release rig, version 1, "
               "and reports it opened",
    "begin": pieces(begin),
    "challenge": pieces(challenge),
    "evidence": ["12", "{size_of_the_rest}", "0a", "{quote_with_size}",
                 *pieces(evidence_after_quote)],
    "release_starts": "12",
    "outcome_body": body.hex(),
    "outcome": pieces(outcome),
}, indent=1))
