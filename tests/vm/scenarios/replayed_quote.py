# SPDX-License-Identifier: Apache-2.0
"""A2: a quote that was once good is shown again."""
from rig.scenario import Scenario, check

# The host's quoting service records one answer and then gives it for ever.
RECORD = """
r=/sys/kernel/config/tsm/report/recorded
mkdir $r; head -c 64 /dev/urandom > $r/inblob; cat $r/outblob > /run/old.quote; rmdir $r
test -s /run/old.quote
systemctl stop tdxvfs-simulator-guest.service
systemd-run --quiet --unit=replayer --collect bash -c '
  exec 4<> /dev/tdxvfs-simulator
  while head -c 1024 <&4 > /dev/null; do
    dd if=/run/old.quote bs=16384 status=none >&4
  done'
sleep 1
"""


class ReplayedQuote(Scenario):
    """The key server sees that the quote holds the report data of another exchange."""

    boot = "waiting"

    def run(self):
        self.guest.run(RECORD)
        try:
            self.stays_shut(5, "binding-mismatch")
            records = self.server.audit()
            check(not any(record.get("kind") == "release" for record in records),
                  "the server released a key on a replayed quote")
            check(any(record.get("reason") == "binding-mismatch" for record in records),
                  "the refusal is not on record")
        finally:
            self.guest.run("systemctl stop replayer; systemctl start tdxvfs-simulator-guest.service")
        self.agent(f"unlock {self.volume.name}")
        self.agent(f"lock {self.volume.name}")
