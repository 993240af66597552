# SPDX-License-Identifier: Apache-2.0
"""A real key server with a pretend Intel of its own, for the tests in Python.

Importing this generates the messages' modules from the .proto files and puts
them on the import path."""
import atexit
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
GENERATED = tempfile.mkdtemp(prefix="tdxvfs-interop-proto-")
atexit.register(shutil.rmtree, GENERATED)
PROTOS = ["tdxvfs/v1/release.proto", "foreign/google/rpc/status.proto"]
subprocess.run(
    [sys.executable, "-m", "grpc_tools.protoc", f"-I{TREE / 'proto'}",
     f"--python_out={GENERATED}", f"--grpc_python_out={GENERATED}", *PROTOS],
    check=True)
sys.path.insert(0, GENERATED)

PASSPHRASE = os.urandom(32).hex().encode()
HEADER = hashlib.sha256(b"header").digest()
CONFIG = hashlib.sha256(b"config").digest()
MR_TD = "a1" * 48
ZERO_RTMRS = [word for i in range(3) for word in (f"--rtmr{i}", "00" * 48)]
START_SECONDS = 20


class Server:
    """A key server of its own: PKI, configuration, store and process."""

    def __init__(self, binaries, limits=""):
        self.binaries = pathlib.Path(binaries)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tdxvfs-interop-"))
        self.notes = open(self.folder / "notes", "wb")
        self._serial = itertools.count()
        self.pki = self.folder / "pki"
        self.run("tdxvfs-simulator", "pki", self.pki)
        self.home = self.folder / "server"
        self.run("tdxvfs-keyserver", "init", "--directory", self.home,
                 "--name", "localhost", "--collateral", "none",
                 "--trust-anchor", self.pki / "root.pem")
        self._configure(limits)
        self._start()

    def _configure(self, limits):
        self.config = next(self.home.rglob("keyserver.toml"))
        text = self.config.read_text()
        self.socket = self.folder / "admin.sock"
        for key, value in {
                "address": "127.0.0.1:0",
                "admin_socket": self.socket,
                "trust_anchor": self.pki / "root.pem",
                "collateral": "none"}.items():
            text, count = re.subn(rf"(?m)^{key}\s*=.*$", f'{key} = "{value}"',
                                  text)
            assert count == 1, (key, text)
        self.config.write_text(text + limits)
        self.ca_file = next(self.home.rglob("ca.pem"))

    def _start(self):
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.binaries / "tdxvfs-keyserver", "--config", self.config],
                stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ready = re.search(r'"event":"server-ready".*?127\.0\.0\.1:(\d+)',
                              self.log.read_text())
            if ready:
                self.address = f"127.0.0.1:{ready.group(1)}"
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("server did not start:\n" + self.log.read_text())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def start_again(self):
        self._start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.notes.close()
        shutil.rmtree(self.folder)

    def run(self, program, *arguments, **environment):
        return subprocess.run(
            [self.binaries / program, *map(str, arguments)], check=True,
            stdout=subprocess.PIPE, stderr=self.notes,
            stdin=subprocess.DEVNULL, env={**os.environ, **environment}).stdout

    def admin(self, *arguments):
        return self.run("tdxvfs", *arguments,
                        TDXVFS_SERVER=f"unix:{self.socket}")

    def register(self, volume):
        manifest = self.folder / f"{volume}.json"
        manifest.write_text(json.dumps({
            "version": 1, "uuid": "11111111-2222-4333-8444-555555555555",
            "header_size": 1048576, "header_sha256": HEADER.hex(),
            "header_profile": "sealed-1", "file_system": "erofs",
            "mount_options": ["ro"], "data_size": 4096,
            "image_size": 1052672}) + "\n")
        key_file = self.folder / f"{volume}.key"
        key_file.write_bytes(PASSPHRASE)
        os.chmod(key_file, 0o600)
        self.admin("key", "put", volume, "--manifest", manifest, "--key-file",
                   key_file)

    def put_policy(self, volume, **members):
        policy = self.folder / f"{volume}.policy.json"
        policy.write_text(json.dumps(
            {"version": 1, "tee": "tdx", "mr_td": [MR_TD],
             "rtmr": {str(i): ["00" * 48] for i in range(3)}, **members}))
        self.admin("policy", "put", volume, policy)

    def quote(self, data, *arguments, pki=None):
        out = self.folder / f"quote-{data.hex()[:32]}-{next(self._serial)}"
        self.run("tdxvfs-simulator", "quote", "--pki", pki or self.pki,
                 "--report-data", data.hex(), "--out", out, *arguments)
        blob = out.read_bytes()
        out.unlink()
        return blob

    def audit_record(self, audit_id):
        return json.loads(self.admin("audit", "show", audit_id, "--json"))

    def memory_holds(self, needle):
        """Whether the process holds these bytes anywhere; needs root."""
        with open(f"/proc/{self.process.pid}/maps") as maps, \
                open(f"/proc/{self.process.pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, rights = line.split()[:2]
                start, end = (int(word, 16) for word in span.split("-"))
                if "r" not in rights or "[v" in line:
                    continue
                memory.seek(start)
                try:
                    if needle in memory.read(end - start):
                        return True
                except OSError:
                    pass  # a guard page
        return False

    def good_quote(self, data):
        """One that `put_policy`'s policy accepts."""
        return self.quote(data, "--mr-td", MR_TD, *ZERO_RTMRS)
