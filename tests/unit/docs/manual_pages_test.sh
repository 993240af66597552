#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every manual page formats without a warning. Skipped (77) without groff,
# which man(1) calls.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../../docs"
if ! command -v groff > /dev/null; then
  echo "groff is not installed (package groff-base)"
  exit 77
fi
failures=0
for page in man/*.[158]; do
  # A page of one .so line finds the other only where both are installed.
  if [[ $(head -c 4 "$page") == '.so ' ]]; then
    [[ -f man/$(basename "$(cut -d' ' -f2 "$page")") ]] && continue
    echo "$page names a page that is not there"
    failures=$((failures + 1))
    continue
  fi
  warnings=$(groff -man -ww -z -Tutf8 "$page" 2>&1)
  if [[ -n $warnings ]]; then
    echo "$warnings"
    failures=$((failures + 1))
  fi
done
((failures == 0))
