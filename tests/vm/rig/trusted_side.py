# SPDX-License-Identifier: Apache-2.0
"""What runs outside the guest: the pretend Intel, key servers, packing, clients."""
import http.client
import json
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from pathlib import Path

from .shell import RigError, run

# What the pretend processor of the guest reports, and what policies ask for.
MEASUREMENTS = {"mr-td": "a1" * 48, "rtmr0": "b0" * 48, "rtmr1": "b1" * 48, "rtmr2": "b2" * 48}
SERVER_NAME = "keys.example.com"  # the guest's /etc/hosts leads it to this machine
MODEL_NAME = "models.example.com"


def measurement_options(**changed):
    """Options of tdxvfs-simulator for the guest's measurements."""
    options = []
    for name, value in {**MEASUREMENTS, **changed}.items():
        options += [f"--{name}", value]
    return options


def policy(**changed):
    """A policy that accepts the guest, as JSON text."""
    members = {"version": 1, "tee": "tdx", "mr_td": [MEASUREMENTS["mr-td"]],
               "rtmr": {str(n): [MEASUREMENTS[f"rtmr{n}"]] for n in range(3)}}
    return json.dumps({**members, **changed})


class Authority:
    """A certificate authority of its own, and leaves below it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.certificate = folder / "ca.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "30", "-subj", "/CN=tdxvfs test authority",
            "-keyout", folder / "ca.key", "-out", self.certificate)

    def issue(self, name, certificate, key):
        """A server certificate for this DNS name."""
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=CA:FALSE",
            "-CA", self.certificate, "-CAkey", self.folder / "ca.key",
            "-keyout", key, "-out", certificate)


class KeyServer:
    """A real tdxvfs-keyserver on a port of the kernel's choice, kept over restarts."""

    def __init__(self, side, folder, trust_anchor):
        self.side, self.folder = side, folder
        self.port, self.process = 0, None
        self.socket = folder / "admin.sock"
        self.config = folder / "keyserver.toml"
        self.authority_certificate = folder / "tls" / "ca.pem"
        run(side.program("tdxvfs-keyserver"), "init", "--directory", folder,
            "--name", SERVER_NAME, "--listen", "127.0.0.1:0",
            "--trust-anchor", trust_anchor, "--collateral", "none")

    def _keep_port(self):
        text = self.config.read_text(encoding="utf-8")
        text = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{self.port}", text)
        self.config.write_text(text, encoding="utf-8")

    def start(self):
        """Starts the server and waits until it listens."""
        self._keep_port()
        earlier = len(self.log())
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.side.program("tdxvfs-keyserver"), "--config", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        give_up = time.monotonic() + 30
        while True:
            # From its log: /proc shows an undumpable process's sockets to root alone.
            ready = re.search(r"serving on 127\.0\.0\.1:(\d+)", self.log()[earlier:])
            if ready:
                self.port = int(ready.group(1))
                return self
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RigError("the key server did not start:\n" + self.log())
            time.sleep(0.05)

    def stop(self):
        """Ends the server gracefully."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def log(self):
        """Everything that the server wrote so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def tdxvfs(self, *arguments):
        """Runs the administrator's program against this server."""
        return self.side.tdxvfs(*arguments, "--server", f"unix:{self.socket}")

    def put_policy(self, volume, text):
        """Sets the volume's policy."""
        path = self.folder / f"policy-{volume}.json"
        path.write_text(text, encoding="utf-8")
        self.tdxvfs("policy", "put", volume, path)

    def audit(self):
        """The audit records, oldest first."""
        records = []
        for path in sorted((self.folder / "audit").iterdir()):
            if path.is_file():
                lines = path.read_text(encoding="utf-8").splitlines()
                records += [json.loads(line) for line in lines if line.startswith("{")]
        return records


class Volume:
    """A packed image and what the guest's configuration says of it."""

    def __init__(self, name, image, secrets_inside):
        self.name, self.image, self.secrets_inside = name, image, secrets_inside
        self.passphrase = None
        self.mount = f"/mnt/{name}"


class TrustedSide:
    """Programs unpacked from the packages, one authority, one pretend Intel."""

    def __init__(self, work, packages):
        self.work, self.packages = work, packages
        self.tree = work / "programs"
        self.servers = []
        self.tree.mkdir(parents=True)
        for package in sorted(packages.glob("*.deb")):
            run("dpkg", "-x", package, self.tree)
        self.authority = Authority(work / "authority")
        self.pki = self.new_pki("pki")

    def program(self, name):
        """Path of one of our programs."""
        for folder in ("usr/bin", "usr/sbin"):
            path = self.tree / folder / name
            if path.exists():
                return str(path)
        raise RigError(f"no package holds the program {name}")

    def new_pki(self, name):
        """A pretend Intel with a root of its own."""
        folder = self.work / name
        run(self.program("tdxvfs-simulator"), "pki", folder)
        return folder

    def tdxvfs(self, *arguments):
        """Runs the command line program."""
        return run(self.program("tdxvfs"), *arguments)

    def key_server(self, name, pki=None):
        """A new key server, started, that trusts this pretend Intel."""
        server = KeyServer(self, self.work / f"server-{name}", (pki or self.pki) / "root.pem")
        self.servers.append(server)
        return server.start()

    def model_directory(self, name, size=300_000):
        """A model and the TLS certificate that its server will show."""
        folder = self.work / f"model-{name}"
        (folder / "tls").mkdir(parents=True)
        (folder / "model").mkdir()
        (folder / "model" / "weights.bin").write_bytes(secrets.token_bytes(size))
        (folder / "model" / "name").write_text(name + "\n", encoding="utf-8")
        self.authority.issue(MODEL_NAME, folder / "tls" / "server.pem",
                             folder / "tls" / "server.key")
        return folder

    def pack(self, server, name, image):
        """Packs a new model under this volume name and registers it."""
        model = self.work / f"model-{name}"
        if model.exists():
            shutil.rmtree(model)
        return self.pack_directory(server, name, self.model_directory(name), image)

    @staticmethod
    def pack_directory(server, name, directory, image):
        """Packs this directory; the key server makes the passphrase."""
        server.tdxvfs("volume", "pack", directory, image, "--register", name)
        return Volume(name, image, directory)

    def pack_with_passphrase(self, server, name, image, passphrase, registered=None):
        """The offline way: a passphrase of our own, then the manifest to the server.

        `registered` is what the server is told instead, where a scenario wants
        a store that holds the wrong passphrase.
        """
        files = {"own": passphrase, "told": registered or passphrase}
        for kind, text in files.items():
            path = self.work / f"{name}.{kind}"
            path.write_text(text, encoding="ascii")
            path.chmod(0o600)
        manifest = self.work / f"{name}.manifest"
        model = self.model_directory(name)
        self.tdxvfs("volume", "pack", model, image,
                    "--key-file", self.work / f"{name}.own", "--manifest", manifest)
        server.tdxvfs("key", "put", name, "--manifest", manifest,
                      "--key-file", self.work / f"{name}.told")
        volume = Volume(name, image, model)
        volume.passphrase = passphrase
        return volume

    def fetch(self, port, path):
        """Fetches a file of the guest's TLS server, checking its certificate."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        link = _ConnectElsewhere(MODEL_NAME, port, context)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
        finally:
            link.close()
        if answer.status != 200:
            raise RigError(f"the TLS server answered {answer.status} for {path}")
        return body

    def stop(self):
        """Ends every key server of this run."""
        for server in self.servers:
            server.stop()


class _ConnectElsewhere(http.client.HTTPSConnection):
    """HTTPS to the forwarded port here, under the name in the certificate."""

    def __init__(self, name, port, context):
        super().__init__(name, port, timeout=60, context=context)
        self._context_of_rig = context

    def connect(self):
        self.sock = self._create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._context_of_rig.wrap_socket(self.sock, server_hostname=self.host)
