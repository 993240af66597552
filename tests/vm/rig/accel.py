# SPDX-License-Identifier: Apache-2.0
"""KVM where a probe boot succeeds, emulation everywhere else."""
import os
import subprocess
from pathlib import Path

from . import cache
from .machine import KERNEL_COMMAND_LINE, basic_command
from .shell import RigError

PROBE_SECONDS = 6


def _probe(kernel, image):
    """On some virtual machines /dev/kvm is there and hangs: try it once."""
    command = basic_command("kvm", 256) + [
        "-kernel", str(kernel.vmlinux), "-initrd", str(image / "initrd.cpio"),
        "-append", KERNEL_COMMAND_LINE + " rig.probe", "-serial", "stdio"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return b"rig: kernel is up" in done.stdout


def choose(kernel, image):
    """"kvm" or "tcg"; TDXVFS_VM_ACCEL decides where it is set."""
    forced = os.environ.get("TDXVFS_VM_ACCEL")
    if forced:
        if forced not in ("kvm", "tcg"):
            raise RigError(f"TDXVFS_VM_ACCEL is '{forced}': expected kvm or tcg")
        return forced
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    # Asked once per boot of this machine and per user: access differs.
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    verdict = cache.root() / f"accel-{boot_id}"
    if not verdict.exists():
        verdict.write_text("kvm" if _probe(kernel, image) else "tcg", encoding="ascii")
    return verdict.read_text(encoding="ascii")
