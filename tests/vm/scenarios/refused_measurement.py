# SPDX-License-Identifier: Apache-2.0
"""A5: a genuine guest with another measurement than the policy's gets nothing."""
from rig.scenario import Scenario, check
from rig.trusted_side import policy


class RefusedMeasurement(Scenario):
    """unlock fails, the reason is in the journal, nothing is mapped or mounted."""

    boot = "waiting"

    def prepare(self):
        self.server, self.volume = self.one_volume(
            policy(rtmr={"0": ["b0" * 48], "1": ["ff" * 48], "2": ["b2" * 48]}))

    def run(self):
        unit = f"tdxvfs@{self.volume.name}.service"
        self.stays_shut(5, "refused-by-policy")
        self.guest.run(f"systemctl start --no-block {unit}")
        self.wait_until("the reason in the journal",
                        lambda: "refused-by-policy" in self.journal(unit))
        # Its retry class is `slowly`: an operator may mend the policy.
        check(self.unit_state(unit) == "activating", f"{unit} is {self.unit_state(unit)}")
        self.nothing_left()
        self.guest.run(f"systemctl stop {unit}")
        self.nothing_left()
        records = self.server.audit()
        check(any(record.get("reason") == "refused-by-policy" for record in records),
              "no refusal on record")
        check(not any(record.get("kind") == "release" for record in records),
              "the server recorded a release")
