# SPDX-License-Identifier: Apache-2.0
"""One release exchange with a running key server, for transcripts: prints
`granted AUDIT_ID` or `REASON AUDIT_ID`.

Usage: one_exchange.py PORT CA_FILE VOLUME IMAGE PKI [QUOTE OPTION...]"""
import hashlib
import pathlib
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
GENERATED = tempfile.TemporaryDirectory(prefix="tdxvfs-exchange-")
subprocess.run(
    [sys.executable, "-m", "grpc_tools.protoc", f"-I{TREE / 'proto'}",
     f"--python_out={GENERATED.name}", f"--grpc_python_out={GENERATED.name}",
     "tdxvfs/v1/release.proto", "foreign/google/rpc/status.proto"], check=True)
sys.path[:0] = [GENERATED.name, str(TREE / "tests" / "interop")]

from release_guest import Guest, Refused  # noqa: E402

HEADER_SIZE = 1024 * 1024


def main(port, ca_file, volume, image, pki, *quote_options):
    with open(image, "rb") as file:
        header = hashlib.sha256(file.read(HEADER_SIZE)).digest()

    def sign(data):
        out = pathlib.Path(GENERATED.name) / "quote"
        subprocess.run(
            ["tdxvfs-simulator", "quote", "--pki", pki, "--report-data",
             data.hex(), "--out", out, *quote_options], check=True,
            stdout=subprocess.DEVNULL)
        return out.read_bytes()

    guest = Guest(address=f"127.0.0.1:{port}", ca_file=ca_file, volume=volume,
                  header=header, config=hashlib.sha256(b"config").digest(),
                  quote=sign)
    with guest.exchange() as exchange:
        try:
            exchange.send(begin=guest.begin())
            bound = guest.bound_data(exchange.receive().challenge.nonce)
            exchange.send(evidence=guest.evidence(sign(bound)))
            release = exchange.receive().release
            grant, key = guest.open_grant(release, bound)
            exchange.send(outcome=guest.outcome(key, grant.version))
            exchange.finish_sending()
            while exchange.receive() is not None:
                pass
            print("granted")
        except Refused as refused:
            print(refused.reason, refused.audit_id)


main(*sys.argv[1:])
