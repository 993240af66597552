# SPDX-License-Identifier: Apache-2.0
"""Boot, unlock, serve: the whole way without a hand."""
from rig.scenario import Scenario, check


class UnlockAtBoot(Scenario):
    """The unit unlocks at boot and a TLS server inside the guest serves the model."""

    boot = "serving"

    def prepare(self):
        super().prepare()
        self.enable_at_boot(f"tdxvfs@{self.volume.name}.service")
        self.enable_at_boot(f"model-server@{self.volume.name}.service")

    def run(self):
        self.wait_for_state(f"tdxvfs@{self.volume.name}.service", "active")
        self.wait_for_state(f"model-server@{self.volume.name}.service", "active")
        self.model_is_there()
        self._mounted_without_devices_suid_or_exec()
        self._served_bytes_are_the_packed_ones()
        self._server_recorded_a_release()

    def _mounted_without_devices_suid_or_exec(self):
        options = self.guest.run(f"findmnt -n -o OPTIONS {self.volume.mount}").strip().split(",")
        for option in ("ro", "nodev", "nosuid", "noexec"):
            check(option in options, f"mount option {option} is missing among {options}")
        table = self.guest.run(f"dmsetup table --showkeys tdxvfs-crypt-{self.volume.name}")
        check(":logon:" in table, f"the volume key is not in the kernel keyring: {table}")
        source = self.guest.run(f"findmnt -n -o SOURCE {self.volume.mount}").strip()
        check(source == f"/dev/mapper/tdxvfs-verity-{self.volume.name}",
              f"mounted is {source}, not the dm-verity device")
        status = self.guest.run(f"dmsetup status tdxvfs-verity-{self.volume.name}")
        check(status.split()[-1] == "V", f"dm-verity met a corrupted block: {status}")

    def _served_bytes_are_the_packed_ones(self):
        packed = (self.volume.secrets_inside / "model" / "weights.bin").read_bytes()
        port = self.guest.forwarded_port(8443)
        check(self.side.fetch(port, "/weights.bin") == packed, "the TLS server served other bytes")

    def _server_recorded_a_release(self):
        def opened():
            return any(record.get("kind") == "outcome" and record.get("result") == "opened"
                       for record in self.server.audit())
        self.wait_until("the server's record of the outcome", opened, 20)
