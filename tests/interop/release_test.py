# SPDX-License-Identifier: Apache-2.0
"""A real key server against a guest in another language: it gets its grant,
then lies in every way it can think of and is refused with the right reason.

Usage: release_test.py BINARY_DIRECTORY (holds tdxvfs, tdxvfs-keyserver and
tdxvfs-simulator). Needs python3-grpcio, python3-grpc-tools and
python3-cryptography."""
import hashlib
import json
import os
import sys
import time
import unittest

import grpc

# First: it makes the modules that the others import.
from key_server_process import (CONFIG, HEADER, MR_TD, PASSPHRASE, ZERO_RTMRS,
                                Server)
from release_guest import Guest, Refused
from tdxvfs.v1 import release_pb2

VOLUME = "resnet"


def setUpModule():
    global SERVER
    SERVER = Server(BINARIES)
    for volume in (VOLUME, "pinned", "disabled"):
        SERVER.register(volume)
    SERVER.register("unruled")
    SERVER.put_policy(VOLUME)
    SERVER.put_policy("disabled")
    SERVER.put_policy("pinned", config_digest=["77" * 32])
    SERVER.admin("key", "disable", "disabled")


def tearDownModule():
    SERVER.stop()


def new_guest(**changed):
    members = {"address": SERVER.address, "ca_file": SERVER.ca_file,
               "volume": VOLUME, "header": HEADER, "config": CONFIG,
               "quote": SERVER.good_quote}
    members.update(changed)
    return Guest(**members)


class ReleaseTest(unittest.TestCase):
    def assert_refused(self, reason, exchange):
        with self.assertRaises(Refused) as caught:
            while exchange.receive() is not None:
                pass
        self.assertEqual(caught.exception.reason, reason)
        return caught.exception

    def lie(self, reason, guest=None, begin=None, bound=None, evidence=None,
            quote=None):
        """Runs one exchange with changes, up to the refusal."""
        guest = guest or new_guest()
        with guest.exchange() as exchange:
            exchange.send(begin=guest.begin(**(begin or {})))
            if quote is None and bound is None and evidence is None and begin:
                return self.assert_refused(reason, exchange)
            nonce = exchange.receive().challenge.nonce
            data = guest.bound_data(nonce, **(bound or {}))
            blob = (quote or guest.quote)(data)
            exchange.send(evidence=guest.evidence(blob, **(evidence or {})))
            return self.assert_refused(reason, exchange)

    def granted(self, guest):
        """Runs an honest exchange up to the grant."""
        exchange = guest.exchange()
        exchange.send(begin=guest.begin())
        challenge = exchange.receive().challenge
        self.assertEqual(len(challenge.nonce), 32)
        self.assertGreater(challenge.deadline_seconds, 0)
        bound = guest.bound_data(challenge.nonce)
        exchange.send(evidence=guest.evidence(guest.quote(bound)))
        grant, key = guest.open_grant(exchange.receive().release, bound)
        return exchange, grant, key

    def test_compressed_messages_are_not_unpacked(self):
        guest = new_guest()
        with guest.exchange(compression=grpc.Compression.Gzip) as exchange:
            exchange.send(begin=guest.begin(agent_version="a" * 64))
            with self.assertRaises(Refused) as caught:
                exchange.receive()
        self.assertEqual(caught.exception.code,
                         grpc.StatusCode.INVALID_ARGUMENT)
        exchange, _, _ = self.granted(new_guest())
        with exchange:
            pass

    def test_honest_guest_gets_its_grant(self):
        exchange, grant, key = self.granted(new_guest())
        with exchange:
            self.assertEqual(grant.passphrase, PASSPHRASE)
            self.assertEqual(grant.volume, VOLUME)
            self.assertEqual(grant.purpose, release_pb2.OPEN)
            self.assertEqual(grant.version, 1)
            self.assertEqual(grant.header_sha256, HEADER)
            self.assertEqual(grant.header_size, 1048576)
            self.assertEqual(grant.file_system, "erofs")
            self.assertEqual(list(grant.mount_options), ["ro"])
            exchange.send(outcome=Guest.outcome(key, grant.version))
            self.assertIsNone(exchange.receive())

    @unittest.skipIf(os.geteuid() != 0, "reading another process needs root")
    def test_g1_released_passphrase_stays_nowhere_in_the_server(self):
        for _ in range(3):
            exchange, grant, key = self.granted(new_guest())
            with exchange:
                exchange.send(outcome=Guest.outcome(key, grant.version))
                self.assertIsNone(exchange.receive())
        time.sleep(1)
        # The search itself works: the volume's name is there.
        self.assertTrue(SERVER.memory_holds(VOLUME.encode()))
        for start in range(0, len(PASSPHRASE), 16):
            self.assertFalse(SERVER.memory_holds(PASSPHRASE[start:start + 16]))

    def test_quote_version_5_gets_its_grant(self):
        guest = new_guest(quote=lambda data: SERVER.quote(
            data, "--version", "5", "--mr-td", MR_TD, *ZERO_RTMRS))
        exchange, grant, key = self.granted(guest)
        with exchange:
            exchange.send(outcome=Guest.outcome(key, grant.version, False,
                                                "passphrase-wrong"))
            self.assertIsNone(exchange.receive())

    def test_zero_padding_behind_the_quote_is_accepted(self):
        guest = new_guest(quote=lambda data: SERVER.good_quote(data) + bytes(70))
        exchange, _, _ = self.granted(guest)
        exchange.__exit__()

    def test_a1_quote_not_bound_to_the_exchange(self):
        self.lie("binding-mismatch", quote=lambda _: SERVER.good_quote(os.urandom(64)))

    def test_a2_quote_of_an_earlier_exchange(self):
        guest = new_guest()
        exchange, _, _ = self.granted(guest)
        exchange.__exit__()
        stale = guest.bound_data(os.urandom(32))
        self.lie("binding-mismatch", guest=guest,
                 quote=lambda _: SERVER.good_quote(stale))

    def test_a3_certificate_that_the_server_does_not_serve(self):
        other = hashlib.sha256(b"somebody in the middle").digest()
        self.lie("binding-mismatch", bound={"certificate": other},
                 evidence={"server_certificate_sha256": other})

    def test_a1_key_exchanged_after_quoting(self):
        other = new_guest().public_key
        self.lie("binding-mismatch", evidence={"public_key": other})

    def test_quote_for_another_header(self):
        self.lie("binding-mismatch", bound={"header": bytes(32)})

    def test_quote_for_another_volume(self):
        self.lie("binding-mismatch", bound={"volume": b"pinned"})

    def test_quote_for_another_purpose(self):
        self.lie("binding-mismatch", bound={"purpose": b"FORMAT"})

    def test_quote_for_another_configuration(self):
        self.lie("binding-mismatch", bound={"config": bytes(32)})

    def test_a5_wrong_measurements(self):
        for option, value in (("--mr-td", "00" * 48), ("--rtmr0", "01" * 48),
                              ("--rtmr1", "01" * 48), ("--rtmr2", "01" * 48)):
            with self.subTest(option):
                arguments = ["--mr-td", MR_TD, *ZERO_RTMRS]
                arguments[arguments.index(option) + 1] = value
                refused = self.lie(
                    "refused-by-policy",
                    quote=lambda data: SERVER.quote(data, *arguments))
                record = json.dumps(SERVER.audit_record(refused.audit_id))
                self.assertIn(value, record)

    def test_a6_debug_and_reserved_attributes(self):
        for attributes in ("0100001000000000", "0200001000000000",
                           "0000003000000000"):
            with self.subTest(attributes):
                self.lie("refused-by-policy", quote=lambda data: SERVER.quote(
                    data, "--mr-td", MR_TD, *ZERO_RTMRS, "--td-attributes",
                    attributes))

    def test_flipped_quote_bytes(self):
        for offset in (0, 2, 4, 20, 100, 200, 600, 640, 700, 800, 1300, 2000):
            with self.subTest(offset=offset):
                def flipped(data):
                    blob = bytearray(SERVER.good_quote(data))
                    blob[offset] ^= 1
                    return bytes(blob)
                self.lie("quote-invalid", quote=flipped)

    def test_quote_of_a_foreign_root(self):
        foreign = SERVER.folder / "foreign-pki"
        SERVER.run("tdxvfs-simulator", "pki", foreign)
        self.lie("quote-invalid", quote=lambda data: SERVER.quote(
            data, "--mr-td", MR_TD, *ZERO_RTMRS, pki=foreign))

    def test_a9_mangled_quotes(self):
        for name, mangle in {
                "empty": lambda q: b"", "one byte": lambda q: q[:1],
                "half": lambda q: q[:len(q) // 2],
                "tail": lambda q: q + b"\x01", "twice": lambda q: q + q[:600],
                "junk": lambda q: os.urandom(4000)}.items():
            with self.subTest(name):
                self.lie("quote-invalid",
                         quote=lambda data: mangle(SERVER.good_quote(data)))

    def test_a10_oversized_quote(self):
        self.lie("message-too-large",
                 quote=lambda data: SERVER.good_quote(data) + bytes(17000))

    def test_evidence_before_begin(self):
        guest = new_guest()
        with guest.exchange() as exchange:
            exchange.send(evidence=guest.evidence(SERVER.good_quote(bytes(64))))
            self.assert_refused("request-invalid", exchange)

    def test_second_begin(self):
        guest = new_guest()
        with guest.exchange() as exchange:
            exchange.send(begin=guest.begin())
            exchange.receive()
            exchange.send(begin=guest.begin())
            self.assert_refused("request-invalid", exchange)

    def test_message_without_a_step(self):
        with new_guest().exchange() as exchange:
            exchange.send()
            self.assert_refused("request-invalid", exchange)

    def test_purposes_that_are_not_open(self):
        for purpose in (release_pb2.PURPOSE_UNSPECIFIED, release_pb2.FORMAT,
                        7):
            with self.subTest(purpose=purpose):
                self.lie("purpose-unsupported", begin={"purpose": purpose})

    def test_evidence_kinds_that_are_not_tdx(self):
        for kind in (release_pb2.EVIDENCE_KIND_UNSPECIFIED, 9):
            with self.subTest(kind=kind):
                self.lie("evidence-unsupported", begin={"evidence": kind})

    def test_malformed_members(self):
        for member, value in (("header_sha256", b"short"),
                              ("header_sha256", b"")):
            with self.subTest(member):
                self.lie("request-invalid", begin={member: value})
        for member in ("public_key", "server_certificate_sha256",
                       "config_digest"):
            with self.subTest(member):
                self.lie("request-invalid", evidence={member: bytes(31)})

    def test_small_order_public_key(self):
        zero = bytes(32)
        self.lie("request-invalid", bound={"public_key": zero},
                 evidence={"public_key": zero})

    def test_a17_one_answer_for_all_that_policy_refuses(self):
        for volume in ("unknown", "unruled", "disabled", "pinned"):
            with self.subTest(volume):
                self.lie("refused-by-policy", guest=new_guest(volume=volume))

    def test_d3_header_that_was_never_registered(self):
        self.lie("header-unknown", guest=new_guest(header=bytes(32)))

    def test_outcome_with_a_wrong_mac(self):
        exchange, grant, _ = self.granted(new_guest())
        with exchange:
            exchange.send(outcome=Guest.outcome(bytes(32), grant.version))
            self.assert_refused("outcome-invalid", exchange)

    def test_outcome_in_place_of_evidence(self):
        guest = new_guest()
        with guest.exchange() as exchange:
            exchange.send(begin=guest.begin())
            exchange.receive()
            exchange.send(outcome=Guest.outcome(bytes(32), 1))
            self.assert_refused("request-invalid", exchange)


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    unittest.main()
