# SPDX-License-Identifier: Apache-2.0
"""The pretend TDX device behaves as the kernel's own driver does."""
from rig.scenario import Scenario, check

# report NAME BYTES: what configfs-tsm says to an inblob of this many bytes
PRELUDE = """
systemctl stop tdxvfs-simulator-guest.service 2>/dev/null
modprobe tdxvfs_simulator
report() {
  r=/sys/kernel/config/tsm/report/$1
  mkdir $r || return
  head -c $2 /dev/zero > $r/inblob
  cat $r/outblob > /run/outblob && wc -c < /run/outblob
  cat $r/generation $r/provider
  rmdir $r
}
parameter() { echo $2 > /sys/module/tdxvfs_simulator/parameters/$1; }
"""

# quoter ANSWER-FILE SECONDS: takes one request, answers it that much later
QUOTER = """
quoter() {
  exec 4<> /dev/tdxvfs-simulator
  head -c 1024 <&4 > /run/tdreport
  sleep $2
  dd if=$1 bs=16384 status=none >&4
}
"""


class PretendDevice(Scenario):
    """Quotes, refusals and silence come through configfs-tsm as from real hardware."""

    boot = "device"

    def prepare(self):
        """Needs neither a server nor a volume."""

    def run(self):
        self._a_quote_comes_through()
        self._an_errno_comes_through()
        self._silence_is_a_timeout_and_then_busy()
        self._a_quoter_that_dies_fails_its_request()
        self._wrong_length_is_refused()

    def _guest(self, script):
        return self.guest.try_run(PRELUDE + QUOTER + script)

    def _a_quote_comes_through(self):
        seen = self._guest("""
            head -c 5000 /dev/urandom > /run/quote
            (quoter /run/quote 0) & sleep 0.3
            report one 64; wait
            cmp /run/quote /run/outblob && echo same
            stat -c %s /run/tdreport; head -c 1 /run/tdreport | od -An -tx1""")
        check(seen.out.split() == ["5000", "1", "tdx_guest", "same", "1024", "81"],
              f"a quote of 5000 bytes: {seen.out}{seen.err}")

    def _an_errno_comes_through(self):
        # -16, EBUSY, as four bytes in this machine's order
        seen = self._guest(r"""
            printf '\360\377\377\377' > /run/answer
            (quoter /run/answer 0) & sleep 0.3
            report two 64; wait""")
        check("Device or resource busy" in seen.err, f"errno: {seen.out}{seen.err}")

    def _silence_is_a_timeout_and_then_busy(self):
        seen = self._guest("""
            parameter timeout_ms 500
            (quoter /run/quote 3) & sleep 0.3
            report three 64
            report four 64
            wait; parameter timeout_ms 30000
            (quoter /run/quote 0) & sleep 0.3
            report five 64; wait""")
        check("timed out" in seen.err and "Device or resource busy" in seen.err,
              f"silence: {seen.out}{seen.err}")
        check("5000" in seen.out, f"a late answer frees the way: {seen.out}{seen.err}")

    def _a_quoter_that_dies_fails_its_request(self):
        seen = self._guest("""
            (exec 4<> /dev/tdxvfs-simulator; head -c 1024 <&4 > /dev/null) & sleep 0.3
            report six 64; wait""")
        check("Input/output error" in seen.err, f"dead quoter: {seen.out}{seen.err}")

    def _wrong_length_is_refused(self):
        seen = self._guest("report seven 32")
        check("Invalid argument" in seen.err, f"32 bytes: {seen.out}{seen.err}")
