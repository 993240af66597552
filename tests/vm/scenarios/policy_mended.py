# SPDX-License-Identifier: Apache-2.0
"""The policy is mended on the server while the guest waits."""
from rig.scenario import Scenario, check
from rig.trusted_side import policy


class PolicyMended(Scenario):
    """A refused unit stays activating and opens once the policy accepts it."""

    boot = "waiting"

    def prepare(self):
        self.server, self.volume = self.one_volume(policy(mr_td=["00" * 48]))
        self.enable_at_boot(f"tdxvfs@{self.volume.name}.service")

    def run(self):
        unit = f"tdxvfs@{self.volume.name}.service"
        self.wait_until("a refusal in the journal",
                        lambda: "refused-by-policy" in self.journal(unit))
        check(self.unit_state(unit) == "activating", f"{unit} is {self.unit_state(unit)}")
        self.nothing_left()
        self.server.put_policy(self.volume.name, policy())
        self.wait_for_state(unit, "active", 60)
        self.model_is_there()
