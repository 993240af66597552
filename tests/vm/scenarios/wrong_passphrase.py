# SPDX-License-Identifier: Apache-2.0
"""The store holds another passphrase than the header's."""
import secrets

from rig.scenario import Scenario, check
from rig.trusted_side import policy


class WrongPassphrase(Scenario):
    """The grant does not open the header: the unit fails and says why."""

    boot = "waiting"

    def prepare(self):
        self.server = self.side.key_server(self.name)
        self.volume = self.side.pack_with_passphrase(
            self.server, self.volume_name(), self.disk / f"{self.volume_name()}.img",
            secrets.token_hex(32), registered=secrets.token_hex(32))
        self.server.put_policy(self.volume.name, policy())
        self.configure(self.volume, self.server)

    def run(self):
        unit = f"tdxvfs@{self.volume.name}.service"
        self.stays_shut(6, "passphrase-wrong")
        # Its retry class is `never`.
        self.guest.try_run(f"systemctl start {unit}")
        check(self.unit_state(unit) == "failed", f"{unit} is {self.unit_state(unit)}")
        check("passphrase-wrong" in self.journal(unit), "the reason is not in the journal")
        self.nothing_left()
