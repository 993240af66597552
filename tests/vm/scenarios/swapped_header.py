# SPDX-License-Identifier: Apache-2.0
"""D3: between two boots the host swaps the image's header for another valid one."""
from rig.scenario import Scenario, check

HEADER_SIZE = 1024 * 1024


class SwappedHeader(Scenario):
    """The first boot opens the volume; the second meets another header and stays shut."""

    boot = "two_boots"

    def prepare(self):
        super().prepare()
        self.enable_at_boot(f"tdxvfs@{self.volume.name}.service")
        self.donor = self.side.pack(self.server, "donor", self.side.work / "donor.img")

    def run(self):
        unit = f"tdxvfs@{self.volume.name}.service"
        self.wait_for_state(unit, "active")
        self.model_is_there()
        self.guest.power_off()

        with open(self.donor.image, "rb") as donor, open(self.volume.image, "r+b") as image:
            image.write(donor.read(HEADER_SIZE))
        self.guest = self.boot_again()

        self.wait_until("a refusal in the journal", lambda: "header-unknown" in self.journal(unit))
        check(self.unit_state(unit) == "activating", f"{unit} is {self.unit_state(unit)}")
        self.nothing_left()
