#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one fuzz program once over its seeds. libFuzzer writes into the first
# folder it is given, so that one is a temporary one.
set -euo pipefail

if [[ $# -lt 2 || ${1:-} == --help ]]; then
  echo "usage: run_corpus.sh PROGRAM CORPUS [FOLDER_BELOW_TDXVFS_TESTDATA...]"
  [[ ${1:-} == --help ]] && exit 0
  exit 2
fi

program=$1
folders=("$2")
shift 2
for name in "$@"; do
  if [[ -n ${TDXVFS_TESTDATA:-} ]]; then
    folders+=("$TDXVFS_TESTDATA/$name")
  else
    echo "TDXVFS_TESTDATA is not set: real $name not replayed"
  fi
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
"$program" -runs=0 -rss_limit_mb=2048 "$scratch" "${folders[@]}"
