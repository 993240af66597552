# SPDX-License-Identifier: Apache-2.0
"""The guest's root file system and initial RAM disk.

Debian packages by mmdebstrap, trimmed so that systemd reaches its targets in
seconds under emulation, packed as erofs. Everything in it belongs to root:
that way an ordinary user builds the same image as root does.
"""
import lzma
import shutil
import subprocess
from pathlib import Path

from . import cache
from .shell import RigError, run

GUEST_FILES = Path(__file__).resolve().parent.parent / "guest"
PACKAGE_LIST = cache.SOURCE / "scripts" / "packages.list"

# What the initial RAM disk loads to reach the root, and what the root has.
INITRD_MODULES = ["virtio_pci", "virtio_blk", "virtio_console", "virtio_net", "erofs",
                  "ext4", "overlay"]
ROOT_MODULES = ["dm-mod", "dm-crypt", "dm-integrity", "dm-verity", "loop", "ext4", "erofs",
                "squashfs", "xts", "cbc", "ecb", "ctr", "aesni_intel", "sha256_ssse3",
                "sha512_ssse3", "sha256_generic", "hmac", "authenc", "essiv",
                "algif_skcipher", "algif_hash", "crypto_simd", "cryptd", "configfs",
                "virtio_net", "virtio_rng", "virtio_console", "overlay", "autofs4", "tsm"]

# Units that a guest of a few seconds' life has no use for.
MASKED_UNITS = """
apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer
e2scrub_reap.service fstrim.timer getty.target systemd-journal-catalog-update.service
systemd-journal-flush.service systemd-logind.service systemd-machine-id-commit.service
systemd-pcrphase-sysinit.service systemd-pcrphase.service systemd-random-seed.service
systemd-timesyncd.service systemd-tmpfiles-clean.timer systemd-update-done.service
systemd-update-utmp-runlevel.service systemd-update-utmp.service ldconfig.service
dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
modprobe@drm.service modprobe@efi_pstore.service modprobe@dm_mod.service
modprobe@fuse.service modprobe@loop.service systemd-binfmt.service
proc-sys-fs-binfmt_misc.automount systemd-initctl.socket systemd-pstore.service
systemd-firstboot.service systemd-repart.service systemd-remount-fs.service
systemd-ask-password-wall.path systemd-ask-password-console.path nginx.service
systemd-sysusers.service systemd-networkd.service systemd-networkd.socket
systemd-journald-audit.socket dbus.service dbus.socket systemd-user-sessions.service
""".split()
KEPT_GENERATORS = {"systemd-fstab-generator"}


def _guest_packages():
    text = PACKAGE_LIST.read_text(encoding="ascii")
    names, section = [], None
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and section == "guest":
            names += line.split()
    return names


def _debian_sources():
    """The machine's own Debian sources, as lines for apt."""
    targets = run("apt-get", "indextargets", "--format",
                  "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                  "Created-By: Packages", "Origin: Debian")
    lines = sorted({line for line in targets.splitlines() if " bookworm" in line})
    if not lines:
        raise RigError("no Debian 12 sources in the package lists: run apt-get update")
    return lines


def _bootstrap(packages, folder):
    run("mmdebstrap", "--quiet", "--variant=essential", "--mode=auto",
        "--include=" + ",".join(packages),
        "--aptopt=APT::Install-Recommends false",
        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/info/*",
        "bookworm", folder / "root.tar", *_debian_sources())


def debian_root():
    """A tar file with nothing but Debian's packages."""
    packages = _guest_packages()
    key = cache.digest(*packages, "bookworm-1")
    return cache.folder("debian", key, lambda folder: _bootstrap(packages, folder)) / "root.tar"


def _install_module(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".xz":
        target.with_suffix("").write_bytes(lzma.decompress(source.read_bytes()))
    else:
        shutil.copy(source, target)


def _install_modules(kernel, root):
    tree = kernel.folder / "lib" / "modules" / kernel.version
    place = root / "lib" / "modules" / kernel.version
    for module in kernel.modules_with_dependencies(ROOT_MODULES):
        _install_module(module, place / module.relative_to(tree))
    _install_module(kernel.simulator_module, place / "extra" / "tdxvfs_simulator.ko")
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(tree / name, place)
    run("/sbin/depmod", "-b", root, kernel.version)


def _trim(root):
    units = root / "etc" / "systemd" / "system"
    for unit in MASKED_UNITS:
        link = units / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    wants = units / "multi-user.target.wants"
    for entry in wants.glob("*"):
        entry.unlink()
    generators = root / "etc" / "systemd" / "system-generators"
    generators.mkdir(exist_ok=True)
    for generator in (root / "lib/systemd/system-generators").iterdir():
        if generator.name not in KEPT_GENERATORS:
            (generators / generator.name).symlink_to("/dev/null")


def _add_guest_files(root):
    """tests/vm/guest/root is laid over the image; its units are enabled by links."""
    shutil.copytree(GUEST_FILES / "root", root, dirs_exist_ok=True, symlinks=True)
    units = root / "etc" / "systemd" / "system"
    for unit, target in (("rig-network.service", "network-online.target"),
                         ("rig-commands.service", "sysinit.target")):
        wants = units / f"{target}.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / unit).symlink_to(f"../{unit}")
    shadow = root / "etc" / "shadow"
    shadow.chmod(0o600)
    lines = shadow.read_text(encoding="ascii").splitlines()
    lines = ["root::" + line.split(":", 2)[2] if line.startswith("root:") else line
             for line in lines]
    shadow.write_text("\n".join(lines) + "\n", encoding="ascii")


def make_erofs(tree, image):
    """Packs a folder; ownership is root's whoever runs this."""
    run("mkfs.erofs", "--quiet", "--force-uid=0", "--force-gid=0", "-T0", image, tree)


def _build_initrd(kernel, folder):
    tree = folder / "initrd"
    modules = tree / "modules"
    modules.mkdir(parents=True)
    for name in ("bin", "proc", "sys", "dev", "lower", "upper", "new"):
        (tree / name).mkdir()
    shutil.copy("/bin/busybox", tree / "bin" / "busybox")
    shutil.copy(GUEST_FILES / "init", tree / "init")
    (tree / "init").chmod(0o755)
    order = []
    for module in kernel.modules_with_dependencies(INITRD_MODULES):
        _install_module(module, modules / module.name)
        order.append(module.name.removesuffix(".xz"))
    (modules / "order").write_text("\n".join(order) + "\n", encoding="ascii")
    names = "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*")))
    (folder / "names").write_text(names + "\n", encoding="ascii")
    with open(folder / "names", encoding="ascii") as listing:
        with open(folder / "initrd.cpio", "wb") as out:
            subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=tree,
                           stdin=listing, stdout=out, check=True)
    shutil.rmtree(tree)
    (folder / "names").unlink()


def _build_image(kernel, folder):
    root = folder / "root"
    root.mkdir()
    run("tar", "-C", root, "-xpf", debian_root(), "--no-same-owner", "--exclude=./dev/*")
    _install_modules(kernel, root)
    _trim(root)
    _add_guest_files(root)
    # mkfs.erofs must be able to read everything without being root.
    run("chmod", "-R", "u+rwX", root)
    make_erofs(root, folder / "root.erofs")
    shutil.rmtree(root)
    _build_initrd(kernel, folder)


def build(kernel):
    """The folder with root.erofs and initrd.cpio for this kernel."""
    guest_files = sorted(path for path in GUEST_FILES.rglob("*") if path.is_file())
    key = cache.digest(kernel.version, kernel.simulator_module, Path(__file__), PACKAGE_LIST,
                       *guest_files)
    return cache.folder("image", key, lambda folder: _build_image(kernel, folder))
