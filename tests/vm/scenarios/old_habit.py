# SPDX-License-Identifier: Apache-2.0
"""From the old scripts' volume to a sealed one: every step on a real kernel."""
import secrets
import shutil

from rig.scenario import Scenario, check
from rig.trusted_side import Volume, policy
from rig.shell import run

DISK = "/var/lib/tdxvfs"
OLD = f"{DISK}/old.vfs"
PROGRAMS = f"export PATH={DISK}/programs/usr/bin:$PATH\n"


class OldHabit(Scenario):
    """create_encrypted_vfs.sh makes an empty volume; filled and imported, the agent opens it."""

    boot = "two_boots"

    def prepare(self):
        """The guest is the trusted side, too: it has the owner's programs and the model."""
        self.server = self.side.key_server(self.name)
        package = next(self.side.packages.glob("tdxvfs_*.deb"))
        run("dpkg", "-x", package, self.disk / "programs")
        model = self.side.model_directory(self.name)
        shutil.copytree(model, self.disk / "model")
        self.volume = self._volume("old-habit-sealed", model)
        self.in_place = self._volume("old-habit-in-place", model, header="16 MiB")

    def _volume(self, name, model, **settings):
        volume = Volume(name, self.disk / f"{name}.img", model)
        self.configure(volume, self.server, **settings)
        return volume

    def run(self):
        self.guest.write(f"{DISK}/old.key", secrets.token_hex(32), "0600")
        self._a_failure_leaves_nothing()
        told = self._create()
        self._fill(told)
        self._convert(told, self.volume)
        self._opens(self.volume, policy())
        self.guest.run(f"cp {OLD} {DISK}/{self.in_place.image.name}")
        self._import_in_place()
        self._opens(self.in_place, policy(allow_imported=True))

    def _a_failure_leaves_nothing(self):
        self.guest.run(f"mkdir {DISK}/broken; ln -s /bin/false {DISK}/broken/mkfs.ext4")
        failed = self.guest.try_run(f"{PROGRAMS}export PATH={DISK}/broken:$PATH\n"
                                    f"create_encrypted_vfs.sh {OLD} 32M --key-file {DISK}/old.key", 180)
        check(failed.code != 0, "it did not notice that mkfs.ext4 failed")
        self.guest.run(f"test ! -e {OLD}; rm -r {DISK}/broken")
        self._nothing_is_open()

    def _nothing_is_open(self):
        left = self.guest.run("dmsetup ls | grep -E '^(vfs|tdxvfs-create)' || true; "
                              f"losetup -a | grep {OLD} || true")
        check(left == "", f"left behind: {left}")

    def _create(self):
        """Makes the empty volume; the commands that the script tells its user."""
        said = self.guest.run(f"{PROGRAMS}create_encrypted_vfs.sh {OLD} 32M --key-file {DISK}/old.key", 180)
        self._nothing_is_open()
        refused = self.guest.try_run(f"{PROGRAMS}create_encrypted_vfs.sh {OLD} --key-file {DISK}/old.key")
        check(refused.code == 2 and "nothing is overwritten" in refused.err, refused.out + refused.err)
        told = [line.strip() for line in said.splitlines() if line.startswith("  ")]
        check(len(told) == 3 and told[2].startswith(f"tdxvfs volume import {OLD} NEW_IMAGE "), said)
        return told

    def _fill(self, told):
        """As told, word by word."""
        for line in told[:2]:
            self.guest.run(line.replace("MODEL", f"{DISK}/model/."), 180)
        self._nothing_is_open()

    def _convert(self, told, volume):
        """As told, but offline: the guest does not reach the server's admin socket."""
        command = told[2].replace("NEW_IMAGE", f"{DISK}/{volume.image.name}")
        self._seal(command.removesuffix("--register NAME"), volume)

    def _import_in_place(self):
        self._seal(f"tdxvfs volume import --in-place {DISK}/{self.in_place.image.name} "
                   f"--file-system ext4 --key-file {DISK}/old.key", self.in_place)
        old = self.guest.try_run(f"cryptsetup open --test-passphrase --key-file {DISK}/old.key "
                                 f"{DISK}/{self.in_place.image.name}", 180)
        check(old.code == 2, "the old passphrase still opens the volume")

    def _seal(self, command, volume):
        """Imports with a passphrase of our own; the server learns it on its side."""
        passphrase = secrets.token_hex(32)
        self.guest.write(f"{DISK}/new.key", passphrase, "0600")
        self.guest.run(f"{PROGRAMS}{command} --new-key-file {DISK}/new.key --manifest {DISK}/manifest", 180)
        key, manifest = (self.side.work / f"{volume.name}.{kind}" for kind in ("key", "manifest"))
        key.write_text(passphrase, encoding="ascii")
        key.chmod(0o600)
        manifest.write_text(self.guest.run(f"cat {DISK}/manifest; rm {DISK}/manifest"), encoding="utf-8")
        self.server.tdxvfs("key", "put", volume.name, "--manifest", manifest, "--key-file", key)

    def _opens(self, volume, its_policy):
        self.server.put_policy(volume.name, its_policy)
        self.agent(f"unlock {volume.name}")
        self.model_is_there(volume)
        self.guest.run(f"cmp {volume.mount}/model/weights.bin {DISK}/model/model/weights.bin")
        self.agent(f"lock {volume.name}")
        self.nothing_left(volume)
