# SPDX-License-Identifier: Apache-2.0
"""Bad weather for a key server: honest guests among peers that connect and
say nothing, break off, talk junk or begin and never go on.

Usage: storm_test.py BINARY_DIRECTORY"""
import concurrent.futures
import os
import socket
import ssl
import struct
import sys
import threading
import time
import unittest

# First: it makes the modules that the others import.
from key_server_process import CONFIG, HEADER, PASSPHRASE, Server
from release_guest import Guest, Refused
import grpc

VOLUME = "resnet"
GUESTS = 200
AT_ONCE = 16
SILENT = 150
CLOSED_SECONDS = 60
# All guests come from one address here.
WIDE_LIMITS = """
[limits]
peer_attestations = 256
peer_per_minute = 100000
peer_burst = 10000
"""


def unlock(server):
    """One honest guest, from its connection to its recorded outcome."""
    guest = Guest(server.address, server.ca_file, VOLUME, HEADER, CONFIG,
                  server.good_quote)
    with guest.exchange() as exchange:
        exchange.send(begin=guest.begin())
        nonce = exchange.receive().challenge.nonce
        bound = guest.bound_data(nonce)
        exchange.send(evidence=guest.evidence(guest.quote(bound)))
        grant, key = guest.open_grant(exchange.receive().release, bound)
        exchange.send(outcome=Guest.outcome(key, grant.version))
        return grant.passphrase if exchange.receive() is None else b""


def connect(server):
    host, port = server.address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 30)


def reset(server):
    """Breaks off in the middle of a handshake with a RST."""
    peer = connect(server)
    peer.send(b"\x16\x03\x01\x02\x00\x01")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    peer.close()


def talk_junk(server):
    """Finishes the handshake and speaks no HTTP/2."""
    context = ssl.create_default_context(cafile=server.ca_file)
    context.set_alpn_protocols(["h2"])
    with connect(server) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(os.urandom(4096))


def begin_and_leave(server):
    guest = Guest(server.address, server.ca_file, VOLUME, HEADER, CONFIG, None)
    with guest.exchange() as exchange:
        exchange.send(begin=guest.begin())
        exchange.receive()


def closed_by_peer(peer):
    peer.settimeout(CLOSED_SECONDS)
    try:
        while peer.recv(4096):
            pass
        return True
    except ConnectionError:
        return True
    except socket.timeout:
        return False


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


class StormTest(unittest.TestCase):
    def start(self, limits):
        server = Server(BINARIES, limits)
        self.addCleanup(server.stop)
        server.register(VOLUME)
        server.put_policy(VOLUME)
        return server

    def test_honest_guests_get_through_a_storm(self):
        server = self.start(WIDE_LIMITS)
        self.assertEqual(unlock(server), PASSPHRASE)
        before = descriptors(server)
        silent = [connect(server) for _ in range(SILENT)]
        stop = threading.Event()

        def misbehave(kind):
            while not stop.is_set():
                try:
                    kind(server)
                except (OSError, Refused, grpc.RpcError):
                    pass  # being refused is what it is for
                time.sleep(0.02)

        storm = [threading.Thread(target=misbehave, args=(kind,))
                 for kind in (reset, talk_junk, begin_and_leave)]
        for thread in storm:
            thread.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                answers = list(pool.map(lambda _: unlock(server),
                                        range(GUESTS)))
        finally:
            stop.set()
            for thread in storm:
                thread.join()
        self.assertEqual(answers, [PASSPHRASE] * GUESTS)
        self.assertTrue(all(closed_by_peer(peer) for peer in silent))
        for peer in silent:
            peer.close()
        deadline = time.monotonic() + CLOSED_SECONDS
        while descriptors(server) > before + 8:
            self.assertLess(time.monotonic(), deadline,
                            "descriptors are not given back")
            time.sleep(0.2)

    def test_a10_a_peer_above_its_limit_is_told_to_come_back(self):
        server = self.start("""
[limits]
peer_per_minute = 60
peer_burst = 5
""")
        granted, refused = 0, []
        for _ in range(12):
            try:
                unlock(server)
                granted += 1
            except Refused as refusal:
                refused.append(refusal)
        self.assertGreaterEqual(granted, 5)
        self.assertTrue(refused)
        for refusal in refused:
            self.assertEqual(refusal.code, grpc.StatusCode.RESOURCE_EXHAUSTED)
            self.assertEqual(refusal.reason, "server-overloaded")
            # Counted, not recorded one by one (A17).
            self.assertEqual(refusal.audit_id, "")
            self.assertGreater(refusal.retry_after, 0)
        # The limit heals by itself: the guest gets in by coming back.
        deadline = time.monotonic() + CLOSED_SECONDS
        while True:
            try:
                self.assertEqual(unlock(server), PASSPHRASE)
                break
            except Refused:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.5)


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    unittest.main()
