#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Verification against its floor and against another verifier, in one run.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: bench/compare.sh VERIFY_SPEED [ROUNDS]

Runs the program VERIFY_SPEED (built from bench/verify_speed.cc) and then npm's
@phala/dcap-qvl on the same quote and collateral, and prints the ratios. Needs TDXVFS_TESTDATA. The
package is installed into a temporary folder; without npm or a registry only
the first half is run, and that is said.
TEXT
}

if [[ ${1:-} == --help ]]; then
  usage
  exit 0
fi
if [[ $# -lt 1 || -z ${TDXVFS_TESTDATA:-} ]]; then
  usage >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$1" "${2:-20}" | tee "$scratch/ours"
if ! npm install --silent --no-audit --no-fund --prefix "$scratch" \
  @phala/dcap-qvl@0.3.9 >/dev/null 2>&1; then
  echo "@phala/dcap-qvl: not installed, not compared"
  exit 0
fi
NODE_PATH="$scratch/node_modules" node "$here/peer_verify.js" | tee "$scratch/theirs"
theirs=$(sed -n 's/^@phala.*: \([0-9]*\) us.*/\1/p' "$scratch/theirs")
awk -v theirs="$theirs" '
  $1 == "cold" { printf "cold: %.1f times as fast (wanted: 6)\n", theirs / $2 }
  $1 == "warm" { printf "warm: %.1f times as fast (wanted: 40)\n", theirs / $2 }
' "$scratch/ours"
