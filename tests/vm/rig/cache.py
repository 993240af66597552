# SPDX-License-Identifier: Apache-2.0
"""Things that take long to build, kept under a name that hashes their inputs."""
import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
LOGS = SOURCE / "build" / "log" / "vm"
KEPT_PER_KIND = 3


def root():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tdxvfs" / "vm"


def digest(*inputs):
    """A short hash over texts and the contents of files."""
    total = hashlib.sha256()
    for item in inputs:
        data = item.read_bytes() if isinstance(item, Path) else str(item).encode()
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()[:16]


@contextlib.contextmanager
def _locked(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def folder(kind, key, build):
    """The cached folder of this kind and key; build(path) fills a new one.

    A folder appears under its name only when it is complete, and only one
    process builds at a time.
    """
    place = root() / kind
    wanted = place / key
    with _locked(place):
        if wanted.is_dir():
            os.utime(wanted)
            return wanted
        scratch = Path(tempfile.mkdtemp(prefix="building.", dir=place))
        try:
            build(scratch)
            scratch.chmod(0o755)
            scratch.rename(wanted)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        _drop_oldest(place)
    return wanted


def _drop_oldest(place):
    entries = [entry for entry in place.iterdir()
               if entry.is_dir() and not entry.name.startswith("building.")]
    entries.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[KEPT_PER_KIND:]:
        shutil.rmtree(entry, ignore_errors=True)
