# SPDX-License-Identifier: Apache-2.0
"""D3: the host puts another valid volume in the place of this one."""
import shutil

from rig.scenario import Scenario
from rig.trusted_side import policy


class WrongVolume(Scenario):
    """Another volume of the same server is not opened under this name."""

    boot = "waiting"

    def prepare(self):
        super().prepare()
        other = self.side.pack(self.server, "another-one", self.side.work / "another-one.img")
        self.server.put_policy(other.name, policy())
        shutil.copy(other.image, self.volume.image)

    def run(self):
        self.stays_shut(5, "header-unknown")
