# SPDX-License-Identifier: Apache-2.0
"""A busy volume is not locked, and the error says who holds it."""
from rig.scenario import Scenario, check


class LockWhileBusy(Scenario):
    """lock fails with volume-busy and names the holder; --lazy detaches at once."""

    boot = "serving"

    def run(self):
        name, unit = self.volume.name, f"tdxvfs@{self.volume.name}.service"
        self.guest.run(f"systemctl start {unit}")
        self._hold()
        text = self.refused(f"lock {name}", 6, "volume-busy")
        check("sleep" in text, f"the holder's command is not named: {text}")
        self.model_is_there()

        self._stop_in_vain(unit)
        self._stop_in_vain(unit)
        self._let_go()
        self.guest.run(f"systemctl stop {unit}")
        self.nothing_left()
        self._lazily()

    def _stop_in_vain(self, unit):
        """The volume stays open and usable; its unit fails and is active again."""
        refusals = self._refusals(unit)
        self.guest.try_run(f"systemctl stop {unit}")
        self.wait_for_state(unit, "active", 60)
        check(self._refusals(unit) > refusals, "the stop did not say volume-busy")
        self.model_is_there()

    def _refusals(self, unit):
        return self.journal(unit).count("volume-busy")

    def _hold(self):
        self.guest.run(f"systemd-run --unit=holder --collect -p WorkingDirectory={self.volume.mount} "
                       "sleep 1000")

    def _let_go(self):
        self.guest.run("systemctl stop holder")

    def _lazily(self):
        name = self.volume.name
        self.agent(f"unlock {name}")
        self._hold()
        self.agent(f"lock {name} --lazy")
        check(self.guest.try_run(f"mountpoint -q {self.volume.mount}").code != 0,
              "still mounted after lock --lazy")
        self._let_go()
        self.wait_until("the deferred removal", self._is_gone, 20)
        self.nothing_left()

    def _is_gone(self):
        return self.guest.try_run(f"dmsetup info tdxvfs-crypt-{self.volume.name}").code != 0
