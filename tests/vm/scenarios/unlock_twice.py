# SPDX-License-Identifier: Apache-2.0
"""Unlocking an open volume succeeds and changes nothing."""
from rig.scenario import Scenario, check


class UnlockTwice(Scenario):
    """The second unlock finds the mapping to be ours; a foreign one is refused."""

    boot = "serving"

    def run(self):
        name = self.volume.name
        self.agent(f"unlock {name}")
        before = self._mapping()
        self.agent(f"unlock {name}")
        check(self._mapping() == before, "the second unlock made another mapping")
        self.model_is_there()
        status = self.agent(f"status {name} --json")
        check('"open"' in status, f"status of an open volume: {status}")
        self.agent(f"lock {name}")
        self.agent(f"lock {name}")
        self.nothing_left()
        self._a_foreign_mapping_is_refused()

    def _mapping(self):
        return self.guest.run(f"dmsetup info -c --noheadings -o uuid,major,minor,open "
                              f"tdxvfs-crypt-{self.volume.name}; "
                              f"grep ' {self.volume.mount} ' /proc/self/mountinfo")

    def _a_foreign_mapping_is_refused(self):
        name = self.volume.name
        self.guest.run(f"dmsetup create tdxvfs-crypt-{name} --table '0 2048 error'")
        try:
            self.refused(f"unlock {name}", 6, "volume-in-use")
        finally:
            self.guest.run(f"dmsetup remove tdxvfs-crypt-{name}")
