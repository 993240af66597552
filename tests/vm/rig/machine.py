# SPDX-License-Identifier: Apache-2.0
"""One virtual machine: a QEMU process of ours, and ways to talk to the guest."""
import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .shell import RigError

# Under emulation a boot takes some seconds; this is for a machine that is
# busy with other work as well.
READY_SECONDS = 120

# cx16 makes 6.12 oops under emulation in one boot of five; the rest saves time
# that tests of the crypto code, mitigations and loop scans would take.
KERNEL_COMMAND_LINE = (
    "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off nokaslr no_timer_check "
    "tsc=reliable random.trust_cpu=on systemd.show_status=0 cryptomgr.notests=1 "
    "loop.max_loop=0 net.ifnames=0")


class GuestLost(RigError):
    """The guest never came up, or went away."""


class CommandFailed(RigError):
    """A command in the guest ended with another code than it should."""


class Result:
    """How one command in the guest ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def processor(accel):
    return "host" if accel == "kvm" else "max,-cx16"


def basic_command(accel, memory_mb):
    """What every machine of the rig has in common."""
    name = "kvm" if accel == "kvm" else "tcg,thread=multi"
    return ["qemu-system-x86_64", "-accel", name, "-M", "q35", "-cpu", processor(accel),
            "-m", str(memory_mb), "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot"]


class Machine:
    """Boots on start(); stop() ends this very process and no other."""

    def __init__(self, kernel, image, accel, *, disks=(), shared=(), memory_mb=768, processors=1,
                 forwards=(), log=None, extra_command_line=""):
        self.kernel, self.image, self.accel = kernel, image, accel
        # `shared` are disks that other machines may have at the same time: read-only.
        self.disks, self.shared = list(disks), list(shared)
        self.memory_mb, self.forwards = memory_mb, list(forwards)
        self.processors, self.extra_command_line = processors, extra_command_line
        self.work = Path(tempfile.mkdtemp(prefix="tdxvfs-vm."))
        self.console = Path(log) if log else self.work / "console"
        self.process = None
        self._port = None
        self._buffer = b""
        self._serial = 0

    # -- life ---------------------------------------------------------------
    def start(self):
        """Boots and waits for the guest's marker; one more try if it is silent.

        Emulated kernels hang in early boot now and then. Only that is tried
        again, never anything that happened after the guest was up.
        """
        for attempt in (1, 2):
            began = time.monotonic()
            self._launch()
            try:
                self._expect_ready()
                return time.monotonic() - began
            except GuestLost:
                self._kill()
                if attempt == 2:
                    raise
                print(f"the guest stayed silent, booting it again (console: {self.console})",
                      flush=True)
        raise AssertionError("unreachable")

    def _command(self):
        command = basic_command(self.accel, self.memory_mb) + [
            "-smp", str(self.processors),
            "-kernel", str(self.kernel.vmlinux), "-initrd", str(self.image / "initrd.cpio"),
            "-append", f"{KERNEL_COMMAND_LINE} {self.extra_command_line}".strip(),
            "-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=commands,path={self.work}/commands,server=on,wait=off",
            "-device", "virtserialport,chardev=commands,name=rig.commands",
            "-chardev", f"socket,id=login,path={self.work}/login,server=on,wait=off",
            "-device", "virtconsole,chardev=login",
            "-qmp", f"unix:{self.work}/qmp,server=on,wait=off",
            "-device", "virtio-rng-pci"]
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{outside}-:{inside}"
                           for outside, inside in self.forwards)
        command += ["-netdev", f"user,id=net{forwards}",
                    "-device", "virtio-net-pci,netdev=net,romfile="]
        for number, disk in enumerate([self.image / "root.erofs"] + self.disks + self.shared):
            frozen = "on" if str(disk).endswith(".erofs") or disk in self.shared else "off"
            command += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},"
                                  f"readonly={frozen},cache=unsafe",
                        "-device", f"virtio-blk-pci,drive=disk{number}"]
        return command

    def _launch(self):
        self._buffer = b""
        for name in ("commands", "qmp", "login"):
            (self.work / name).unlink(missing_ok=True)
        with open(self.work / "qemu.log", "wb") as log:
            self.process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        self._port = self._connect("commands")

    def _connect(self, name):
        give_up = time.monotonic() + 20
        while True:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(str(self.work / name))
                return link
            except OSError:
                link.close()
                if self.process.poll() is not None:
                    raise RigError("QEMU did not start: " +
                                   (self.work / "qemu.log").read_text(errors="replace")) from None
                if time.monotonic() > give_up:
                    raise RigError(f"QEMU offers no socket '{name}'") from None
                time.sleep(0.02)

    def _kill(self):
        if self._port:
            self._port.close()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Ends the machine as a power cut would, and removes its files."""
        self._kill()
        shutil.rmtree(self.work, ignore_errors=True)

    def power_off(self, timeout=60):
        """Lets systemd shut the guest down; the seconds that it took."""
        began = time.monotonic()
        self._send("RUN off 10 " + base64.b64encode(b"systemctl poweroff --no-block").decode())
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise RigError(f"the guest did not power off within {timeout} s") from None
        return time.monotonic() - began

    # -- commands -----------------------------------------------------------
    def _send(self, line):
        try:
            self._port.sendall(line.encode() + b"\n")
        except OSError as error:
            raise GuestLost(f"the guest went away: {error}") from None

    def _line(self, deadline):
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise GuestLost("the guest does not answer")
            self._port.settimeout(left)
            try:
                data = self._port.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                raise GuestLost(f"the guest went away: {error}") from None
            if not data:
                raise GuestLost("the guest went away")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace")

    def _expect_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while self._line(deadline).strip() != "READY":
            pass

    def try_run(self, script, timeout=60):
        """Runs a bash script in the guest, whatever its exit code."""
        self._serial += 1
        encoded = base64.b64encode(script.encode()).decode()
        self._send(f"RUN {self._serial} {timeout} {encoded}")
        deadline = time.monotonic() + timeout + 30
        while True:
            words = self._line(deadline).split()
            if len(words) == 5 and words[0] == "DONE" and words[1] == str(self._serial):
                out, err = (base64.b64decode(word[1:]).decode(errors="replace")
                            for word in words[3:5])
                return Result(int(words[2]), out, err)

    def run(self, script, timeout=60, code=0):
        """Runs a bash script that must end with this exit code; its output."""
        result = self.try_run(script, timeout)
        if result.code != code:
            raise CommandFailed(f"guest: {script.strip()}: exit code {result.code}, "
                                f"expected {code}\n{result.out}{result.err}".rstrip())
        return result.out

    def write(self, path, text, mode="0644"):
        """Writes a small file in the guest."""
        encoded = base64.b64encode(text.encode()).decode()
        self.run(f"mkdir -p $(dirname '{path}') && base64 -d > '{path}' <<< {encoded} && "
                 f"chmod {mode} '{path}'")

    # -- QEMU itself --------------------------------------------------------
    def _monitor(self, command, **arguments):
        """One command over QMP; its answer."""
        with contextlib.closing(self._connect("qmp")) as link:
            link.settimeout(120)
            reader = link.makefile("r", encoding="utf-8")
            reader.readline()  # the greeting
            answer = {}
            for order in ({"execute": "qmp_capabilities"},
                          {"execute": command, "arguments": arguments}):
                link.sendall(json.dumps(order).encode())
                answer = {}
                while "return" not in answer:  # events may come in between
                    answer = json.loads(reader.readline())
                    if "error" in answer:
                        raise RigError(f"QMP {command}: {answer['error'].get('desc')}")
            return answer["return"]

    def forwarded_port(self, inside):
        """The port on this machine that leads to the guest's; the kernel chose it."""
        for line in self._monitor("human-monitor-command",
                                  **{"command-line": "info usernet"}).splitlines():
            words = line.split()
            if words and words[0] == "TCP[HOST_FORWARD]" and words[5] == str(inside):
                return int(words[3])
        raise RigError(f"no port leads to the guest's {inside}")

    def dump_memory(self, path):
        """Writes the guest's whole memory to a file."""
        self._monitor("dump-guest-memory", paging=False, protocol=f"file:{path}")
        if os.path.getsize(path) < self.memory_mb * 900_000:
            raise RigError(f"the memory dump {path} is too small")
