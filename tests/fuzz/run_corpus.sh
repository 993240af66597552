#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one fuzz program over its seeds, once or for a time. libFuzzer writes
# into the first folder it is given, so the seeds are never that one.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: run_corpus.sh PROGRAM CORPUS [FOLDER_BELOW_TDXVFS_TESTDATA...]

Runs each seed once. With TDXVFS_FUZZ_SECONDS=N, which needs a libFuzzer
program, goes on from them for N seconds: what reached something new is kept for
the next time in corpus/ and what failed in findings/, both beside the program's
folder.
TEXT
}

if [[ ${1:-} == --help ]]; then
  usage
  exit 0
fi
if [[ $# -lt 2 ]]; then
  usage >&2
  exit 2
fi

program=$(realpath "$1")
folders=("$(realpath -e "$2")")
shift 2
for name in "$@"; do
  if [[ -n ${TDXVFS_TESTDATA:-} ]]; then
    folders+=("$(realpath -e "$TDXVFS_TESTDATA/$name")")
  else
    echo "TDXVFS_TESTDATA is not set: real $name not replayed"
  fi
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
limits=(-rss_limit_mb=2048 -timeout=20)
if [[ -z ${TDXVFS_FUZZ_SECONDS:-} ]]; then
  "$program" -runs=0 "${limits[@]}" "$scratch" "${folders[@]}"
  exit
fi

beside=$(dirname "$(dirname "$program")")
learned=$beside/corpus/$(basename "$program")
mkdir -p "$learned" "$beside/findings"
"$program" -max_total_time="$TDXVFS_FUZZ_SECONDS" "${limits[@]}" -print_final_stats=1 \
  -artifact_prefix="$beside/findings/$(basename "$program")-" "$learned" "${folders[@]}"
