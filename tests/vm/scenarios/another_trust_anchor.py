# SPDX-License-Identifier: Apache-2.0
"""The server trusts another root than the one that signed this guest's quote."""
from rig.scenario import Scenario
from rig.trusted_side import policy


class AnotherTrustAnchor(Scenario):
    """The quote does not lead to the anchor: quote-invalid, whatever the policy says."""

    boot = "waiting"

    def prepare(self):
        self.server = self.side.key_server(self.name, self.side.new_pki("foreign-pki"))
        self.volume = self.side.pack(self.server, self.volume_name(),
                                     self.disk / f"{self.volume_name()}.img")
        self.server.put_policy(self.volume.name, policy())
        self.configure(self.volume, self.server)

    def run(self):
        self.stays_shut(5, "quote-invalid")
