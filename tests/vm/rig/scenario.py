# SPDX-License-Identifier: Apache-2.0
"""What a scenario can do and ask: the guest, the trusted side, and checks."""
import time

from .machine import CommandFailed
from .trusted_side import SERVER_NAME, policy


# In the guest, behind the root, its layer and the data disk.
SHARED_DISK = "/dev/vdd"


class Failed(AssertionError):
    """The guest or the server did something else than it should."""


def check(condition, message):
    """Fails the scenario with this message unless the condition holds."""
    if not condition:
        raise Failed(message)


class Scenario:
    """One story; several share a boot when their `boot` is the same word.

    prepare() runs before the guest boots: it packs images into self.disk (the
    guest's /var/lib/tdxvfs) and puts configuration into self.files; a file that
    it adds to self.shared is a read-only disk of every guest (SHARED_DISK is the
    first). run() is the story itself, with self.guest up.
    """

    boot = "waiting"

    def __init__(self, name, side, disk, files):
        self.name, self.side, self.disk, self.files = name, side, disk, files
        self.guest = None
        self.boot_again = self.boot_beside = self.shared = None
        self.server = None
        self.volume = None

    def prepare(self):
        """Before the boot; most scenarios want one server and one volume."""
        self.server, self.volume = self.one_volume()

    def run(self):
        """The story."""
        raise NotImplementedError

    # -- before the boot ------------------------------------------------------
    def one_volume(self, policy_text=None):
        """A key server of our own with one volume that this guest may open."""
        server = self.side.key_server(self.name)
        volume = self.side.pack(server, self.volume_name(), self.disk / f"{self.volume_name()}.img")
        server.put_policy(volume.name, policy_text or policy())
        self.configure(volume, server)
        return server, volume

    def volume_name(self):
        """A volume id of this scenario's own."""
        return self.name.replace("_", "-")

    def configure(self, volume, server, **settings):
        """Lays the volume's file and its server's CA under /etc/tdxvfs."""
        self.files.update(volume_files(volume, server, **settings))

    def enable_at_boot(self, unit):
        """Starts the unit with the guest."""
        self.files[f"etc/systemd/system/multi-user.target.wants/{unit}"] = None

    # -- in the guest -----------------------------------------------------------
    def agent(self, arguments, code=0, timeout=60):
        """Runs the agent, which must end with this exit code; both its outputs."""
        result = self.guest.try_run(f"tdxvfs-agent {arguments}", timeout)
        check(result.code == code, f"tdxvfs-agent {arguments}: exit code {result.code}, expected "
                                   f"{code}\n{result.out}{result.err}")
        return result.out + result.err

    def refused(self, arguments, code, reason):
        """The agent must fail with this exit code and this reason's slug."""
        text = self.agent(f"{arguments} --json", code=code)
        check(f'"reason":"{reason}"' in text.replace('": "', '":"'),
              f"tdxvfs-agent {arguments}: expected the reason {reason}, got {text}")
        return text

    def unit_state(self, unit):
        """What systemd says of a unit: active, activating, failed..."""
        return self.guest.try_run(f"systemctl is-active '{unit}'").out.strip()

    def journal(self, unit):
        """The unit's messages and reasons in the journal of this boot."""
        return self.guest.run(f"journalctl -b -o verbose --no-pager -u '{unit}' "
                              "--output-fields=MESSAGE,TDXVFS_EVENT,TDXVFS_REASON")

    def wait_until(self, what, condition, seconds=90):
        """Polls a condition; the text says what was waited for."""
        give_up = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up:
                raise Failed(f"waited {seconds} s in vain: {what}")
            time.sleep(0.5)

    def wait_for_state(self, unit, state, seconds=90):
        """Waits until systemd says this of the unit."""
        self.wait_until(f"{unit} is {state}", lambda: self.unit_state(unit) == state, seconds)

    def model_is_there(self, volume=None):
        """The mounted files are the packed ones."""
        volume = volume or self.volume
        packed = (volume.secrets_inside / "model" / "name").read_text(encoding="utf-8")
        seen = self.guest.run(f"cat {volume.mount}/model/name")
        check(seen == packed, f"{volume.mount}/model/name holds other bytes than were packed")

    def nothing_left(self, volume=None):
        """No mapping, no mount, no loop device of this volume."""
        volume = volume or self.volume
        left = self.guest.run(
            f"dmsetup ls | grep -- '-{volume.name}' || true; "
            f"grep ' {volume.mount} ' /proc/self/mountinfo || true; "
            f"losetup -a | grep '/{volume.image.name}' || true")
        check(left == "", f"left behind: {left}")

    def stays_shut(self, command_code, reason):
        """unlock fails with this reason and leaves nothing behind."""
        self.refused(f"unlock {self.volume.name}", command_code, reason)
        self.nothing_left()


def volume_files(volume, server, image=None, **settings):
    """What the guest's owner writes below /etc for one volume, by path."""
    settings = {"retry_slowly": "3s", **settings}
    extra = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
    authority = f"etc/tdxvfs/ca-{volume.name}.pem"
    return {
        f"etc/tdxvfs/volumes.d/{volume.name}.toml":
            f'image = "{image or "/var/lib/tdxvfs/" + volume.image.name}"\n'
            f'mount = "{volume.mount}"\n'
            f'servers = ["{SERVER_NAME}:{server.port}"]\n'
            f'ca = "/{authority}"\n{extra}',
        authority: server.authority_certificate.read_text(encoding="ascii")}


__all__ = ["CommandFailed", "Failed", "SHARED_DISK", "Scenario", "check", "volume_files"]
