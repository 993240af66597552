# SPDX-License-Identifier: Apache-2.0
"""The key server is down when the guest boots and comes up 20 s later."""
import time

from rig.scenario import Scenario, check


class LateServer(Scenario):
    """The unit keeps trying, and the TLS server that requires it starts by itself."""

    boot = "waiting"

    def prepare(self):
        super().prepare()
        self.server.stop()
        self.enable_at_boot(f"tdxvfs@{self.volume.name}.service")
        self.enable_at_boot(f"model-server@{self.volume.name}.service")

    def run(self):
        unit, follower = (f"{kind}@{self.volume.name}.service" for kind in ("tdxvfs", "model-server"))
        uptime = float(self.guest.run("cut -d' ' -f1 /proc/uptime"))
        time.sleep(max(0.0, 20 - uptime))
        check(self.unit_state(unit) == "activating", f"{unit} is {self.unit_state(unit)}")
        check(self.unit_state(follower) == "inactive", f"{follower} did not wait")
        status = self.guest.run(f"systemctl show -P StatusText {unit}")
        check("server-unreachable" in status, f"status text without the reason: {status!r}")
        self.nothing_left()

        self.server.start()
        self.wait_for_state(unit, "active", 120)
        self.wait_for_state(follower, "active", 30)
        self.model_is_there()
        packed = (self.volume.secrets_inside / "model" / "weights.bin").read_bytes()
        check(self.side.fetch(self.guest.forwarded_port(8443), "/weights.bin") == packed,
              "the TLS server served other bytes")
