#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A way to a key server that ends once an image is being made:
server_that_leaves.py SOCKET SERVER_SOCKET FOLDER

Passes connections on from SOCKET to SERVER_SOCKET. From the moment on that
FOLDER holds a file whose name has "leaving" in it, nothing that a client says
reaches the server any more, and nobody can connect again. So a command gets its
passphrase and cannot register what it made, however fast it is."""
import os
import selectors
import socket
import sys

PIECE = 65536  # bytes


def passed_on(end, other):
    """Gives `other` what `end` said; false once one of the two is gone."""
    try:
        piece = end.recv(PIECE)
        other.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return bool(piece)


def main():
    path, server_path, folder = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    clients, other = set(), {}

    def leaving():
        return any("leaving" in name for name in os.listdir(folder))

    while True:
        for key, _ in ready.select():
            end = key.fileobj
            if end is listener:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(server_path)
                clients.add(client)
                other.update({client: server, server: client})
                ready.register(client, selectors.EVENT_READ)
                ready.register(server, selectors.EVENT_READ)
                continue
            if end not in other:
                continue  # closed by what came before it
            if end in clients and leaving():
                os.unlink(path)
                return
            if passed_on(end, other[end]):
                continue
            for closed in (end, other.pop(end)):
                other.pop(closed, None)
                ready.unregister(closed)
                closed.close()


if __name__ == "__main__":
    main()
