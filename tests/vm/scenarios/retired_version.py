# SPDX-License-Identifier: Apache-2.0
"""D4: the host puts an old, retired version of the image back."""
import shutil

from rig.scenario import Scenario


class RetiredVersion(Scenario):
    """A retired version opens nowhere, and the server's record says that it is one."""

    boot = "waiting"

    def prepare(self):
        super().prepare()
        old = self.side.work / "retired.img"
        shutil.copy(self.volume.image, old)
        self.volume.image.unlink()
        self.volume = self.side.pack(self.server, self.volume.name, self.volume.image)
        self.server.tdxvfs("key", "retire", self.volume.name, "1")
        shutil.copy(old, self.volume.image)

    def run(self):
        self.stays_shut(5, "header-unknown")
        self.wait_until("an audit record that names the retired version",
                        lambda: "retired" in str(self.server.audit()), 10)
