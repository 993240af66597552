# SPDX-License-Identifier: Apache-2.0
"""systemctl stop locks the volume; start unlocks it again."""
from rig.scenario import Scenario


class UnitStoppedAndStarted(Scenario):
    """After a stop nothing is left; after a start the files are back."""

    boot = "serving"

    def run(self):
        unit = f"tdxvfs@{self.volume.name}.service"
        for _ in range(2):
            self.guest.run(f"systemctl start {unit}")
            self.model_is_there()
            self.guest.run(f"systemctl stop {unit}")
            self.nothing_left()
