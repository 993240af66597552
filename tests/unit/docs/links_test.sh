#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every relative link of a page leads to a file.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
failures=0
while IFS=: read -r page link; do
  target=${link#*](}
  target=${target%%[)#]*}
  if [[ -z $target || $target == *://* ]]; then
    continue
  fi
  if [[ ! -e $(dirname "$page")/$target ]]; then
    echo "$page: no such file: $target"
    failures=$((failures + 1))
  fi
done < <(find . -maxdepth 1 -name '*.md' -print0 | xargs -0 grep -oHE '\]\([^)]+\)'
         grep -roHE '\]\([^)]+\)' docs --include='*.md')
((failures == 0))
