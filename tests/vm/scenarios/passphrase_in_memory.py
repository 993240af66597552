# SPDX-License-Identifier: Apache-2.0
"""G1: after an unlock the passphrase is nowhere in the guest's memory."""
import mmap
import secrets

from rig.scenario import Scenario, check
from rig.trusted_side import policy


class PassphraseInMemory(Scenario):
    """The whole memory is dumped from outside and searched for the passphrase."""

    boot = "serving"

    def prepare(self):
        self.server = self.side.key_server(self.name)
        self.volume = self.side.pack_with_passphrase(
            self.server, self.volume_name(), self.disk / f"{self.volume_name()}.img",
            secrets.token_hex(32))
        self.server.put_policy(self.volume.name, policy())
        self.configure(self.volume, self.server)

    def run(self):
        # Something that must be found, or the search itself would prove nothing.
        canary = secrets.token_hex(32)
        self.guest.write("/run/canary", canary)
        self.guest.run(f"systemctl start tdxvfs@{self.volume.name}.service")
        self.model_is_there()
        dump = self.disk.parent / "memory"
        self.guest.dump_memory(dump)
        try:
            with open(dump, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
                check(memory.find(canary.encode()) >= 0, "the canary is not in the memory dump")
                check(memory.find(self.volume.passphrase.encode()) < 0,
                      "the passphrase is in the guest's memory after the unlock")
                check(memory.find(bytes.fromhex(self.volume.passphrase)) < 0,
                      "the passphrase's bits are in the guest's memory after the unlock")
        finally:
            dump.unlink()
