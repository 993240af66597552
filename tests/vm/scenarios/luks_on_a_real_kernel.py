# SPDX-License-Identifier: Apache-2.0
"""The tests of room luks that need device mapper."""
import os
import shlex
import shutil
import subprocess

from rig import cache
from rig.scenario import Scenario, check


class LuksOnARealKernel(Scenario):
    """luks_device_test, a gtest program of the dev build, runs in the guest as root."""

    boot = "packages"

    def prepare(self):
        program = cache.SOURCE / "build" / "dev" / "tests" / "unit" / "luks" / "luks_device_test"
        check(program.exists(), f"{program} is not built")
        shutil.copy(program, self.disk)
        # The guest has no mkfs.erofs: its images are made here.
        subprocess.run([program, "--prepare", self.disk / "images"], check=True)

    def run(self):
        # With it, every system call of an opening and a closing is a point to be killed at.
        every_call = "TDXVFS_EVERY_CALL" in os.environ
        # A few of the tests alone, for whoever works on them.
        only = shlex.quote(os.environ.get("GTEST_FILTER", "*"))
        done = self.guest.try_run(
            f"cd /tmp && {'TDXVFS_EVERY_CALL=1 ' if every_call else ''}GTEST_FILTER={only} "
            "/var/lib/tdxvfs/luks_device_test --fixtures /var/lib/tdxvfs/images",
            timeout=7200 if every_call else 1500)
        # With each test's milliseconds, for whoever asks where the minutes go.
        (cache.LOGS / f"{self.name}.out").write_text(done.out, encoding="utf-8")
        check(done.code == 0, (done.out + done.err)[-4000:])
        check("[  PASSED  ]" in done.out and "[  SKIPPED ]" not in done.out,
              "it skipped tests: " + done.out[-1000:])
