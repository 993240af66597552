# SPDX-License-Identifier: Apache-2.0
"""The key server's package on a machine with systemd."""
import shutil

from rig.scenario import Scenario, check

MOST_EXPOSURE = 2.0


class KeyserverUnit(Scenario):
    """dpkg installs every package, init configures, the sandboxed unit runs."""

    boot = "packages"

    def prepare(self):
        for package in self.side.packages.glob("*.deb"):
            shutil.copy(package, self.disk)

    def run(self):
        self.guest.run("dpkg -i /var/lib/tdxvfs/*.deb", timeout=180)
        self._is_sandboxed()
        self._starts()

    def _is_sandboxed(self):
        text = self.guest.run("systemd-analyze security --no-pager tdxvfs-keyserver.service")
        words = text.strip().splitlines()[-1].split()
        level = next(float(word) for word in words if word.replace(".", "").isdigit())
        check(level < MOST_EXPOSURE, f"exposure level {level}: {words}")

    def _starts(self):
        unit = "tdxvfs-keyserver.service"
        self.guest.run("tdxvfs-keyserver init")
        self.guest.run(f"systemctl start {unit}")
        check(self.unit_state(unit) == "active", f"{unit} is {self.unit_state(unit)}")
        self.guest.run("tdxvfs key list")
        user = self.guest.run(f"ps -o user= -p $(systemctl show -P MainPID {unit})").strip()
        check(user not in ("root", ""), f"the server runs as '{user}'")
        self.guest.run(f"systemctl stop {unit}")
