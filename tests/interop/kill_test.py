# SPDX-License-Identifier: Apache-2.0
"""A key server that is killed over and over while guests get their keys: it
starts again, its audit log holds, and no guest has a grant that is not on
record.

TDXVFS_KILLS: how often, 5 by default.

Usage: kill_test.py BINARY_DIRECTORY"""
import json
import os
import random
import sys
import threading
import time
import unittest

# First: it makes the modules that the others import.
from key_server_process import HEADER, PASSPHRASE, Server
from release_guest import Guest, Refused

VOLUME = "resnet"
KILLS = int(os.environ.get("TDXVFS_KILLS", "5"))
GUESTS = 4
# How many grants there are at least between two kills.
GRANTS = 4
WAIT_SECONDS = 60
# All guests come from one address here.
WIDE_LIMITS = """
[limits]
peer_attestations = 256
peer_per_minute = 100000
peer_burst = 10000
"""


class Guests:
    """Guests that ask, one exchange after the other, until they are stopped. An
    exchange is told from the others by its configuration digest, which the
    server puts on record."""

    def __init__(self, server):
        self.server = server
        self.granted, self.confirmed, self.wrong = set(), set(), []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask)
                         for _ in range(GUESTS)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self):
        while not self._stopped.is_set():
            try:
                self._unlock(os.urandom(32))
            except OSError:
                time.sleep(0.05)  # nobody listens: the server is dead
            except Refused as refused:
                # Without a reason it is the connection that broke.
                if refused.reason:
                    self.wrong.append(str(refused))

    def _unlock(self, config):
        guest = Guest(self.server.address, self.server.ca_file, VOLUME, HEADER,
                      config, self.server.good_quote)
        with guest.exchange() as exchange:
            exchange.send(begin=guest.begin())
            bound = guest.bound_data(exchange.receive().challenge.nonce)
            exchange.send(evidence=guest.evidence(guest.quote(bound)))
            grant, key = guest.open_grant(exchange.receive().release, bound)
            if grant.passphrase != PASSPHRASE:
                self.wrong.append("another passphrase")
            self.granted.add(config.hex())
            exchange.send(outcome=Guest.outcome(key, grant.version))
            if exchange.receive() is None:
                self.confirmed.add(config.hex())


class KillTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(BINARIES, WIDE_LIMITS)
        self.addCleanup(self.server.stop)
        self.server.register(VOLUME)
        self.server.put_policy(VOLUME)

    def wait_for_grants(self, guests):
        enough = len(guests.granted) + GRANTS
        deadline = time.monotonic() + WAIT_SECONDS
        while len(guests.granted) < enough:
            self.assertLess(time.monotonic(), deadline, guests.wrong)
            time.sleep(0.01)

    def check_start(self):
        for line in self.server.log.read_text().splitlines():
            self.assertNotEqual(json.loads(line)["level"], "error", line)

    def check_log(self, guests):
        """While the guests go on: what they have now must be there by now."""
        granted, confirmed = set(guests.granted), set(guests.confirmed)
        log = self.server.home / "audit"
        key = self.server.folder / "audit-key.pem"
        key.write_bytes(self.server.run("tdxvfs-keyserver", "audit-key",
                                        "--config", self.server.config))
        self.server.run("tdxvfs", "audit", "verify", log, "--key", key)
        released, opened = {}, set()
        for file in sorted(log.glob("audit*.jsonl")):
            # The last line may be half written.
            for line in file.read_bytes().split(b"\n")[:-1]:
                record = json.loads(line)
                if record["kind"] == "release":
                    released[record["config_digest"]] = record["audit_id"]
                elif record["kind"] == "outcome":
                    if record["result"] == "opened":
                        opened.add(record["audit_id"])
        self.assertLessEqual(granted, released.keys())
        self.assertLessEqual({released[config] for config in confirmed}, opened)
        self.assertEqual(guests.wrong, [])

    def test_a_killed_server_has_every_grant_on_record(self):
        guests = Guests(self.server)
        self.addCleanup(guests.stop)
        for _ in range(KILLS):
            self.wait_for_grants(guests)
            time.sleep(random.uniform(0, 0.1))
            self.server.kill()
            self.server.start_again()
            self.check_start()
            self.check_log(guests)
        self.wait_for_grants(guests)
        guests.stop()
        self.check_log(guests)
        print(f"{KILLS} kills, {len(guests.granted)} grants, "
              f"{len(guests.confirmed)} confirmed outcomes", file=sys.stderr)


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    unittest.main()
