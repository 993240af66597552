#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plants one crossing after another into an empty tree: scripts/check-layering.sh
# has to find each, and nothing in a tree without one.
set -euo pipefail

check="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/scripts/check-layering.sh"
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
failures=0

plant() {  # FILE INCLUDE
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/$(dirname "$1")"
  printf '// text\n#include %s\n' "$2" > "$tree/$1"
}

refused() {
  plant "$1" "$2"
  local answer
  if answer="$("$check" "$tree")"; then
    echo "not found: $1 includes $2"
    failures=$((failures + 1))
  elif [[ $answer != "$1:2: "* ]]; then
    echo "file and line are not named: $answer"
    failures=$((failures + 1))
  fi
}

allowed() {
  plant "$1" "$2"
  if ! "$check" "$tree"; then
    echo "refused though allowed: $1 includes $2"
    failures=$((failures + 1))
  fi
}

refused common/a.cc '"attest/quote.h"'
refused attest/a.cc '"attest/verify/verify_quote.h"'
refused attest/verify/a.cc '"attest/policy/measurement_policy.h"'
refused attest/policy/a.cc '"attest/verify/verify_quote.h"'
refused attest/verify/a.cc '"attest/event_log/event_log.h"'
refused attest/event_log/a.cc '"attest/policy/measurement_policy.h"'
refused attest/event_log/a.cc '<unistd.h>'
refused attest/a.cc '<fstream>'
refused attest/verify/a.cc '"common/file.h"'
refused luks/a.cc '"attest/quote.h"'
refused luks/a.cc '"luks/image/pack_image.h"'
refused luks/a_wire.cc '<grpcpp/grpcpp.h>'
refused agent/a.cc '"keyserver/config.h"'
refused agent/a.cc '<libcryptsetup.h>'
refused agent/a.cc '"tdxvfs/v1/release.pb.h"'
refused agent/a.h ' <grpcpp/grpcpp.h>'
refused keyserver/a.cc '"luks/volume.h"'
refused keyserver/a.cc '"simulator/quote_signer.h"'
refused keyserver/release_key.cc '"tdxvfs/v1/release.grpc.pb.h"'
refused simulator/a.cc '"keyserver/config.h"'
refused cli/a.cc '"tests/support/result_matchers.h"'
refused cli/a.cc '<sqlite3.h>'
refused cli/command.h '<CLI/CLI.hpp>'
refused keyserver/a.cc '<curl/curl.h>'
refused collateral/a.cc '"keyserver/config.h"'
refused collateral/a.cc '"attest/policy/measurement_policy.h"'

allowed agent/release_client.cc '"tdxvfs/v1/release.grpc.pb.h"'
allowed agent/channel.h '<grpcpp/grpcpp.h>'
allowed keyserver/release_service.h '"tdxvfs/v1/release.grpc.pb.h"'
allowed luks/a.cc '<libcryptsetup.h>'
allowed luks/image/a.cc '"luks/header.h"'
allowed attest/verify/a.cc '<openssl/x509.h>'
allowed attest/policy/a.cc '"attest/event_log/event_log.h"'
allowed cli/a.cc '"attest/policy/measurement_policy.h"'
allowed cli/command.cc '<CLI/CLI.hpp>'
allowed simulator/a.cc '"attest/report_data.h"'
allowed collateral/a.cc '"attest/verify/collateral.h"'
allowed keyserver/a.cc '"collateral/supplier.h"'
allowed tests/unit/a.cc '"simulator/quote_signer.h"'

if ((failures > 0)); then
  echo "$failures failed"
  exit 1
fi
