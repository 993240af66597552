# SPDX-License-Identifier: Apache-2.0
"""A guest that shares no code with the project: written from docs/protocol.md
and release.proto. It asks for a key, and can be told to lie on the way."""
import hashlib
import hmac
import queue
import socket
import ssl
import struct

import grpc
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from foreign.google.rpc import status_pb2
from hpke import Recipient
from tdxvfs.v1 import release_pb2, release_pb2_grpc

TIMEOUT_SECONDS = 30


class Refused(Exception):
    """The server refused: gRPC code and the members of its Refusal."""

    def __init__(self, code, refusal):
        super().__init__(f"{code} {refusal.reason} {refusal.audit_id}")
        self.code = code
        self.reason, self.audit_id = refusal.reason, refusal.audit_id
        self.retry_after = refusal.retry_after_seconds


def report_data(purpose, nonce, public_key, volume, header, certificate,
                config):
    data = b""
    for field in (b"tdxvfs-release-v1", purpose, nonce, public_key, volume,
                  header, certificate, config):
        data += struct.pack(">I", len(field)) + field
    return hashlib.sha512(data).digest()


def served_certificate_digest(address, ca_file):
    """SHA-256 of the DER of the leaf that the server shows."""
    host, port = address.rsplit(":", 1)
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((host, int(port)), TIMEOUT_SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True)).digest()


class Exchange:
    """One Unlock stream, message by message."""

    def __init__(self, address, ca_file, compression=None):
        with open(ca_file, "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        self._channel = grpc.secure_channel(
            address, credentials,
            [("grpc.ssl_target_name_override", "localhost"),
             ("grpc.enable_retries", 0)])
        self._requests = queue.Queue()
        self._stream = release_pb2_grpc.KeyReleaseStub(self._channel).Unlock(
            iter(self._requests.get, None), timeout=TIMEOUT_SECONDS,
            compression=compression)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._requests.put(None)
        self._stream.cancel()
        self._channel.close()

    def send(self, **step):
        self._requests.put(release_pb2.GuestMessage(**step))

    def finish_sending(self):
        self._requests.put(None)

    def receive(self):
        """The next server message; None when the stream ended with OK."""
        try:
            return next(self._stream)
        except StopIteration:
            return None
        except grpc.RpcError as error:
            raise self._refusal(error) from None

    @staticmethod
    def _refusal(error):
        refusal = release_pb2.Refusal()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(value)
                if status.details:
                    status.details[0].Unpack(refusal)
        return Refused(error.code(), refusal)


class Guest:
    """Everything a guest knows. `quote(report_data_bytes)` signs a quote."""

    def __init__(self, address, ca_file, volume, header, config, quote):
        self.address, self.ca_file = address, ca_file
        self.volume, self.header, self.config = volume, header, config
        self.quote = quote
        self.certificate = served_certificate_digest(address, ca_file)
        self.private_key = X25519PrivateKey.generate()
        self.public_key = self.private_key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def exchange(self, **options):
        return Exchange(self.address, self.ca_file, **options)

    def begin(self, **changed):
        members = {"volume": self.volume, "purpose": release_pb2.OPEN,
                   "header_sha256": self.header,
                   "evidence": release_pb2.TDX_QUOTE,
                   "agent_version": "interop"}
        members.update(changed)
        return release_pb2.Begin(**members)

    def bound_data(self, nonce, **changed):
        members = {"purpose": b"OPEN", "nonce": nonce,
                   "public_key": self.public_key,
                   "volume": self.volume.encode(), "header": self.header,
                   "certificate": self.certificate, "config": self.config}
        members.update(changed)
        return report_data(**members)

    def evidence(self, quote, **changed):
        members = {"quote": quote, "public_key": self.public_key,
                   "server_certificate_sha256": self.certificate,
                   "config_digest": self.config}
        members.update(changed)
        return release_pb2.Evidence(**members)

    def open_grant(self, release, bound):
        """Returns the grant and the key that authenticates the outcome."""
        context = Recipient(release.encapsulated_key, self.private_key,
                            self.public_key, b"tdxvfs-grant-v1" + bound)
        grant = release_pb2.VolumeGrant.FromString(
            context.open(release.ciphertext))
        return grant, context.export(b"tdxvfs-outcome-v1", 32)

    @staticmethod
    def outcome(key, version, opened=True, reason=""):
        body = release_pb2.OutcomeBody(opened=opened, reason=reason,
                                       version=version).SerializeToString()
        mac = hmac.new(key, body, hashlib.sha256).digest()
        return release_pb2.Outcome(body=body, mac=mac)
