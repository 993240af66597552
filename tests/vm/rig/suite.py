# SPDX-License-Identifier: Apache-2.0
"""Finds the scenarios, boots a guest for each group of them, tells the verdicts."""
import importlib.util
import inspect
import os
import shutil
import tempfile
import time
import traceback
from pathlib import Path

from . import accel, cache, kernel, root_image
from .machine import GuestLost, Machine
from .scenario import Failed, Scenario
from .shell import RigError, run
from .trusted_side import TrustedSide, measurement_options

HERE = Path(__file__).resolve().parent.parent
SCENARIOS = HERE / "scenarios"
GUEST_PACKAGES = ("tdxvfs-agent", "tdxvfs-simulator")
DATA_DISK_MB = 192


def scenario_classes():
    """Every scenario by the name of its file."""
    found = {}
    for path in sorted(SCENARIOS.glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for _, item in inspect.getmembers(module, inspect.isclass):
            if issubclass(item, Scenario) and item.__module__ == path.stem:
                found[path.stem] = item
    return found


def missing_tools():
    """Why the scenarios cannot run on this machine, or nothing."""
    for tool in ("qemu-system-x86_64", "mmdebstrap", "mkfs.erofs", "cpio"):
        if not shutil.which(tool):
            return f"{tool} is not installed (scripts/deps vm)"
    return None


class Boot:
    """The files of one guest, and the machine that runs on them."""

    def __init__(self, work, side, built, log, extra=()):
        self.work, self.side, self.log = work, side, log
        self.overlays = ("layer",) + tuple(extra)
        self.kernel, self.image, self.accel = built
        self.disk = work / "disk"
        self.files = {}
        self.shared = []  # disks as Machine has them, after the data disk
        self.machine = self.neighbour = None
        self.forwards = [(0, 8443)]
        self.disk.mkdir(parents=True)

    def make_layer(self):
        """The disk that lies over Debian's: our packages and this boot's files."""
        tree = self.work / "layer"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        for name in GUEST_PACKAGES:
            run("dpkg", "-x", next(self.side.packages.glob(f"{name}_*.deb")), tree)
        merge_usr(tree)
        for overlay in self.overlays:
            shutil.copytree(HERE / "guest" / overlay, tree, dirs_exist_ok=True)
        shutil.copytree(self.side.pki, tree / "etc/tdxvfs-rig/pki")
        (tree / "etc/tdxvfs-rig/measurements").write_text(
            f"MEASUREMENTS={' '.join(measurement_options())}\n", encoding="ascii")
        for path, text in self.files.items():
            place = tree / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if text is None:  # enables a unit or an instance of one
                place.symlink_to("../" + place.name)
            else:
                place.write_text(text, encoding="utf-8")
        run("chmod", "-R", "u+rwX,go-w", tree)
        image = self.work / "layer.erofs"
        image.unlink(missing_ok=True)
        root_image.make_erofs(tree, image)
        return image

    def make_data_disk(self):
        """The disk with the volumes' images, as the untrusted cloud would hold it."""
        image = self.work / "data.img"
        image.unlink(missing_ok=True)
        command = ["mke2fs", "-q", "-F", "-t", "ext4", "-d", self.disk, image,
                   f"{DATA_DISK_MB}M"]
        if os.getuid() != 0:
            command.insert(0, "fakeroot")
        run(*command, env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"})
        return image

    def start(self):
        """Boots; the seconds until the guest answered."""
        self.machine = self._machine([self.make_layer(), self.make_data_disk()], self.log)
        return self._up(self.machine)

    def beside(self):
        """Boots a second guest beside the first one, with the same layer and the same
        shared disks and a data disk of its own; its machine."""
        disk = self.work / "neighbour.img"
        shutil.copyfile(self.work / "data.img", disk)
        self.neighbour = self._machine([self.work / "layer.erofs", disk],
                                       self.log.with_suffix(".neighbour.console"))
        self._up(self.neighbour)
        return self.neighbour

    def _machine(self, disks, log):
        return Machine(self.kernel, self.image, self.accel, disks=disks, shared=self.shared,
                       forwards=self.forwards, log=log)

    @staticmethod
    def _up(machine):
        seconds = machine.start()
        # The guest takes commands long before its network is there. Once on a busy
        # machine it did not come up at first: what it says then is worth to be seen.
        if machine.try_run("systemctl start rig-network.service").code != 0:
            print("the guest's network is started again:\n" + machine.run(
                "journalctl -b --no-pager -u rig-network.service"), flush=True)
        machine.run("systemctl start rig-network.service tdxvfs-simulator-guest.service")
        return seconds

    def again(self):
        """The next boot, on the images as they are by now; its machine."""
        self.stop()
        self.start()
        return self.machine

    def stop(self):
        """Ends the machines that run."""
        for machine in (self.machine, self.neighbour):
            if machine:
                machine.stop()
        self.machine = self.neighbour = None


def merge_usr(tree):
    """Debian 12 has /lib and /sbin as links to /usr; a layer must not hide them."""
    for name in ("lib", "sbin", "bin"):
        if (tree / name).is_dir() and not (tree / name).is_symlink():
            shutil.copytree(tree / name, tree / "usr" / name, dirs_exist_ok=True, symlinks=True)
            shutil.rmtree(tree / name)


class Suite:
    """The scenarios of one boot, run one after the other."""

    def __init__(self, boot_name, classes, packages, results=None):
        self.boot_name, self.classes, self.packages = boot_name, classes, packages
        self.results = results
        self.work = Path(tempfile.mkdtemp(prefix="tdxvfs-scenarios."))
        self.verdicts = {}

    def run(self):
        """Runs them all; True when each one passed."""
        side = boot = None
        began = time.monotonic()
        try:
            cache.LOGS.mkdir(parents=True, exist_ok=True)
            side, boot = self._prepare_side()
            scenarios = self._prepare(side, boot)
            if scenarios:
                seconds = boot.start()
                print(f"[{self.boot_name}] guest up after {seconds:.1f} s ({boot.accel})", flush=True)
                self._run_all(scenarios, boot)
        except RigError as error:
            print(f"[{self.boot_name}] {error}", flush=True)
            self._all_unfinished_failed()
        finally:
            if boot:
                boot.stop()
            if side:
                side.stop()
            shutil.rmtree(self.work, ignore_errors=True)
        print(f"[{self.boot_name}] {time.monotonic() - began:.0f} s", flush=True)
        return all(verdict == "passed" for verdict in self.verdicts.values())

    def _prepare_side(self):
        the_kernel = kernel.build()
        image = root_image.build(the_kernel)
        built = (the_kernel, image, accel.choose(the_kernel, image))
        side = TrustedSide(self.work / "trusted", self.packages)
        return side, Boot(self.work / "guest", side, built, cache.LOGS / f"{self.boot_name}.console")

    def _prepare(self, side, boot):
        ready = {}
        for name, kind in self.classes.items():
            scenario = kind(name, side, boot.disk, boot.files)
            scenario.boot_again, scenario.boot_beside = boot.again, boot.beside
            scenario.shared = boot.shared
            try:
                scenario.prepare()
                ready[name] = scenario
            except (RigError, Failed) as error:
                self._tell(name, "failed", f"while preparing: {error}")
        return ready

    def _run_all(self, scenarios, boot):
        for name, scenario in scenarios.items():
            scenario.guest = boot.machine
            began = time.monotonic()
            try:
                scenario.run()
                self._tell(name, "passed", f"{time.monotonic() - began:.1f} s")
            except GuestLost as error:
                self._tell(name, "failed", f"{error}; console: {boot.log}")
                raise
            except (RigError, Failed) as error:
                self._tell(name, "failed", str(error))
                self._keep_evidence(name, scenario)
            except Exception:  # a mistake in the scenario itself
                self._tell(name, "failed", traceback.format_exc())

    def _keep_evidence(self, name, scenario):
        """The guest's journal and the server's log, for whoever reads the failure."""
        journal = scenario.guest.try_run("journalctl -b -o short-monotonic --no-pager | tail -n 400")
        (cache.LOGS / f"{name}.journal").write_text(journal.out, encoding="utf-8")
        if scenario.server:
            (cache.LOGS / f"{name}.server").write_text(scenario.server.log(), encoding="utf-8")
        print(f"[{self.boot_name}] journal and server log: {cache.LOGS}/{name}.*", flush=True)

    def _tell(self, name, verdict, text):
        self.verdicts[name] = verdict
        print(f"[{self.boot_name}] {name}: {verdict}: {text}", flush=True)
        if self.results:
            with open(self.results, "a", encoding="utf-8") as results:
                results.write(f"{verdict} vm_{self.boot_name}/{name}\n")

    def _all_unfinished_failed(self):
        for name in self.classes:
            if name not in self.verdicts:
                self._tell(name, "failed", "the rig did not get that far")
