# SPDX-License-Identifier: Apache-2.0
"""A line in fstab of type tdxvfs goes through the same unlock flow."""
from rig.scenario import Scenario, check


class MountByFstab(Scenario):
    """mount by mount point alone, umount.tdxvfs; another place is refused."""

    boot = "serving"

    def prepare(self):
        super().prepare()
        image = f"/var/lib/tdxvfs/{self.volume.image.name}"
        self.files["etc/fstab"] = (f"{image} {self.volume.mount} tdxvfs "
                                   f"ro,noauto,_netdev,volume={self.volume.name} 0 0\n")

    def run(self):
        self.guest.run(f"mkdir -p {self.volume.mount}; mount {self.volume.mount}")
        self.model_is_there()
        self.guest.run(f"umount.tdxvfs {self.volume.mount}")
        self.wait_until("the mapping's removal", self._is_gone, 20)
        self.nothing_left()
        self._another_place_than_configured_is_refused()

    def _is_gone(self):
        return self.guest.try_run(f"dmsetup info tdxvfs-crypt-{self.volume.name}").code != 0

    def _another_place_than_configured_is_refused(self):
        image = f"/var/lib/tdxvfs/{self.volume.image.name}"
        refused = self.guest.try_run(f"mkdir -p /mnt/elsewhere; mount -t tdxvfs {image} "
                                     f"/mnt/elsewhere -o volume={self.volume.name}")
        check(refused.code in (1, 32), f"mount elsewhere: exit code {refused.code}")
        self.nothing_left()
