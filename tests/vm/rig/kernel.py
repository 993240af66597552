# SPDX-License-Identifier: Apache-2.0
"""Debian's 6.12 cloud kernel, unpacked and never installed, with our module.

6.12 is the first kernel in Debian 12's lists that has configfs-tsm. Exact
versions come and go with security updates, so the newest one is taken.
"""
import lzma
import re
import shutil
import struct
import subprocess
from pathlib import Path

from . import cache
from .shell import RigError, run

MODULE_SOURCE = cache.SOURCE / "simulator" / "kernel"
IMAGE_PATTERN = r"^linux-image-6\.12\..*-cloud-amd64-unsigned$"


class Kernel:
    """An unpacked kernel: vmlinux, its modules, and our simulator module."""

    def __init__(self, folder):
        self.folder = folder
        self.version = (folder / "version").read_text(encoding="ascii")
        self.vmlinux = folder / "vmlinux"
        self.simulator_module = None

    def modules_with_dependencies(self, names):
        """Paths of the .ko files of these modules, each after what it needs."""
        paths = []
        for name in names:
            listing = run("/sbin/modprobe", "-d", self.folder, "-S", self.version,
                          "--show-depends", name)
            for line in listing.splitlines():
                kind, _, path = line.partition(" ")
                path = path.strip()
                if kind == "insmod" and path not in paths:
                    paths.append(path)
        return [Path(path) for path in paths]


def _newest_version():
    found = run("apt-cache", "search", "--names-only", IMAGE_PATTERN)
    names = [line.split()[0] for line in found.splitlines()]
    if not names:
        raise RigError("no 6.12 cloud kernel in the package lists: run apt-get update, "
                       "and see that bookworm-security is among the sources")

    def numbers(name):
        return [int(part) for part in re.findall(r"\d+", name)]

    newest = max(names, key=numbers)
    return newest.removeprefix("linux-image-").removesuffix("-unsigned")


def _unpack_packages(version, folder):
    short = version.removesuffix("-cloud-amd64")
    packages = [f"linux-image-{version}-unsigned", f"linux-headers-{version}",
                f"linux-headers-{short}-common", f"linux-kbuild-{short}"]
    downloads = folder / "debs"
    downloads.mkdir()
    run("apt-get", "download", "-q", *packages, cwd=downloads)
    for package in sorted(downloads.glob("*.deb")):
        run("dpkg", "-x", package, folder)
    shutil.rmtree(downloads)


def _decompress(payload):
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    # The payload's length is stored behind it, which zstd remarks on.
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        return subprocess.run(["zstd", "-dcq"], input=payload, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    raise RigError("the kernel is compressed in a way that the rig does not know")


def _extract_vmlinux(bzimage, vmlinux):
    """Takes the ELF out of a bzImage; QEMU boots it by PVH, which saves the
    guest two seconds of decompression under emulation.

    The offsets are those of the Linux boot protocol: 0x1f1 setup_sects,
    0x248 payload_offset, 0x24c payload_length.
    """
    image = bzimage.read_bytes()
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack("<II", image[0x248:0x250])
    start = (setup_sectors + 1) * 512 + offset
    elf = _decompress(image[start:start + length])
    if not elf.startswith(b"\x7fELF"):
        raise RigError(f"{bzimage}: its payload is not an ELF file")
    vmlinux.write_bytes(elf)


def _point_headers_at(headers, version, folder):
    """The headers' Makefile names /usr/src; made to point into the cache, it
    lets an ordinary user build a module without touching the system."""
    makefile = headers / "usr" / "src" / f"linux-headers-{version}" / "Makefile"
    text = makefile.read_text(encoding="ascii")
    makefile.write_text(text.replace("/usr/src/", f"{folder}/usr/src/"), encoding="ascii")


def _unpacked_kernel():
    version = _newest_version()
    key = f"{version}-{cache.digest(Path(__file__))}"

    def fill(folder):
        _unpack_packages(version, folder)
        _point_headers_at(folder, version, cache.root() / "kernel" / key)
        _extract_vmlinux(folder / "boot" / f"vmlinuz-{version}", folder / "vmlinux")
        run("/sbin/depmod", "-b", folder, version)
        (folder / "version").write_text(version, encoding="ascii")

    return cache.folder("kernel", key, fill)


def _simulator_module(kernel_folder, version):
    sources = [MODULE_SOURCE / "Kbuild", MODULE_SOURCE / "tdxvfs_simulator.c"]

    def fill(folder):
        for source in sources:
            shutil.copy(source, folder)
        # Debian ships no vmlinux with type information for modules to refer to.
        run("make", "-C", kernel_folder / "usr" / "src" / f"linux-headers-{version}",
            f"M={folder}", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")

    key = f"{version}-{cache.digest(*sources)}"
    return cache.folder("module", key, fill) / "tdxvfs_simulator.ko"


def build():
    """The newest kernel of the package lists, from the cache where it is there."""
    folder = _unpacked_kernel()
    kernel = Kernel(folder)
    kernel.simulator_module = _simulator_module(folder, kernel.version)
    return kernel
