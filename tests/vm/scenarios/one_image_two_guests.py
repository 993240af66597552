# SPDX-License-Identifier: Apache-2.0
"""Several guests of one read-only image: two machines have the same disk."""
import concurrent.futures
import hashlib

from rig.scenario import SHARED_DISK, Scenario, check, volume_files
from rig.trusted_side import policy

MODEL_BYTES = 3_000_000
# Each time past the caches, while the other guest reads as well.
READ = """
for i in 1 2; do
  echo 3 > /proc/sys/vm/drop_caches
  sha256sum < {mount}/model/weights.bin
done"""


class OneImageTwoGuests(Scenario):
    """Both unlock the volume, read it at the same time and lock it; not a byte of it changes."""

    boot = "beside"

    def prepare(self):
        self.server = self.side.key_server(self.name)
        name = self.volume_name()
        image = self.side.work / f"{name}.img"
        self.volume = self.side.pack_directory(
            self.server, name, self.side.model_directory(name, MODEL_BYTES), image)
        self.server.put_policy(name, policy())
        self.files.update(volume_files(self.volume, self.server, image=SHARED_DISK))
        self.shared.append(image)

    def run(self):
        before = _digest(self.volume.image)
        guests = [self.guest, self.boot_beside()]
        packed = _digest(self.volume.secrets_inside / "model" / "weights.bin")
        for seen in self._both(guests, self._unlock):
            check("open" in seen, f"status of an open volume: {seen}")
        for seen in self._both(guests, lambda guest: guest.run(READ.format(mount=self.volume.mount))):
            check(seen.split() == [packed, "-"] * 2, f"other bytes than were packed: {seen}")
        self._both(guests, lambda guest: guest.run(f"tdxvfs-agent lock {self.volume.name}"))
        for self.guest in guests:
            self.nothing_left()
        check(_digest(self.volume.image) == before, "the image is not what it was")
        opened = [record for record in self.server.audit() if record.get("result") == "opened"]
        check(len(opened) == 2, f"{len(opened)} guests said that they opened it, not 2")

    def _unlock(self, guest):
        guest.run(f"tdxvfs-agent unlock {self.volume.name}")
        return guest.run(f"tdxvfs-agent status {self.volume.name}")

    @staticmethod
    def _both(guests, work):
        with concurrent.futures.ThreadPoolExecutor(len(guests)) as pool:
            return list(pool.map(work, guests))


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
