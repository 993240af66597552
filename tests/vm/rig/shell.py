# SPDX-License-Identifier: Apache-2.0
"""Child processes, and the one kind of failure that the rig reports."""
import subprocess


class RigError(Exception):
    """Something that the rig needs is missing or did not work."""


def run(*command, timeout=900, **options):
    """Runs a command to its end and returns its standard output as text."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, text=True, timeout=timeout,
                              check=False, **options)
    except FileNotFoundError:
        raise RigError(f"{words[0]}: not found (run scripts/deps)") from None
    except subprocess.TimeoutExpired:
        raise RigError(f"{' '.join(words)}: no end after {timeout} s") from None
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-20:])
        raise RigError(f"{' '.join(words)}: exit code {done.returncode}\n{tail}")
    return done.stdout
