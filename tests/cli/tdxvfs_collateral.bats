#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Collateral of a pretend Intel: fetched from its caching service, carried in a
# bundle, shown.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load caching_service
  begin_transcript
  tdxvfs-simulator pki pki > /dev/null
}

teardown() {
  stop_service
}

@test "a set is fetched, carried and shown" {
  start_service
  anchor=(--trust-anchor pki/root.pem)
  say tdxvfs collateral fetch --fmspc 00806F050000 --pccs "$SERVICE" "${anchor[@]}" --out set
  say ls set
  say tdxvfs collateral fetch --fmspc 00806f050000 --tee sgx --update early --pccs "$SERVICE" "${anchor[@]}" --out sgx --json
  say tdxvfs collateral export set sgx "${anchor[@]}" --out bundle.json
  say tdxvfs collateral export set "${anchor[@]}" --out bundle.json
  say tdxvfs collateral export set set "${anchor[@]}" --out twice.json
  say tdxvfs collateral import bundle.json "${anchor[@]}" --out carried
  say tdxvfs collateral show carried/tdx-00806f050000-platform-standard "${anchor[@]}"
  say tdxvfs collateral show bundle.json "${anchor[@]}" --json
  diff -r set carried/tdx-00806f050000-platform-standard
  matches collateral
}

@test "the platform's own quote names the set" {
  start_service
  tdxvfs-simulator quote --pki pki --report-data "$(printf '0%.0s' {1..128})" \
    --mr-td "$(printf '1%.0s' {1..96})" --out quote > /dev/null
  say tdxvfs collateral fetch --quote quote --pccs "$SERVICE" --trust-anchor pki/root.pem --out set
  say tdxvfs collateral fetch --quote quote --pccs "$SERVICE" --out set
  matches collateral_quote
}

@test "the chain that a quote only names is fetched, too" {
  start_service
  for type in 1 2 3; do
    tdxvfs-simulator quote --pki pki --report-data "$(printf '0%.0s' {1..128})" \
      --mr-td "$(printf '1%.0s' {1..96})" --certification-type "$type" --out "quote-$type" > /dev/null
    tdxvfs collateral fetch --quote "quote-$type" --pccs "$SERVICE" --trust-anchor pki/root.pem --out "set-$type" > /dev/null
    tdxvfs quote verify "quote-$type" --collateral "set-$type" --trust-anchor pki/root.pem > /dev/null
  done
  [[ -s set-3/pck_cert_chain.pem ]]
  rm set-3/pck_cert_chain.pem
  for given in set-3 none; do
    run -5 tdxvfs quote verify quote-3 --collateral "$given" --trust-anchor pki/root.pem
    [[ $output == *"no PCK chain in quote (certification data type 3)"* ]]
  done
  run -2 tdxvfs collateral fetch --quote quote-3 --trust-anchor pki/root.pem --out set
  [[ $output == *"caching service (PCCS)"* && ! -e set ]]
  printf '[{"id": "alone", "quote": "quote-3", "collateral": "set-3"},
    {"id": "given", "quote": "quote-3", "collateral": "set-3", "override": {"pck_cert_chain": "set-1/pck_cert_chain.pem"}}]' > list.json
  tdxvfs quote verify --batch list.json --trust-anchor pki/root.pem | cut -d '"' -f 4,8 > said
  printf 'alone"refused\ngiven"genuine\n' | diff - said
}

@test "what does not hold is refused with its reason" {
  start_service
  anchor=(--trust-anchor pki/root.pem)
  say tdxvfs collateral fetch --fmspc 00806f050000 --pccs "$SERVICE" --out foreign
  say tdxvfs collateral fetch --fmspc ffffffffffff --pccs "$SERVICE" "${anchor[@]}" --out unknown
  say tdxvfs collateral fetch --fmspc 00806f050000 --pccs http://pccs.example/ "${anchor[@]}" --out set
  say tdxvfs collateral fetch --pccs "$SERVICE" "${anchor[@]}" --out set
  say tdxvfs collateral fetch --fmspc 00806f05000 "${anchor[@]}" --out set
  say tdxvfs collateral fetch --fmspc 00806f050000 --quote quote --out set
  tdxvfs collateral fetch --fmspc 00806f050000 --pccs "$SERVICE" "${anchor[@]}" --out set > /dev/null
  stop_service
  say tdxvfs collateral fetch --fmspc 00806f050000 --pccs "$SERVICE" "${anchor[@]}" --out set
  say tdxvfs collateral show set "${anchor[@]}" --at 2001-01-01T00:00:00Z
  say tdxvfs collateral show set
  say tdxvfs collateral show pki
  say tdxvfs collateral show missing --json
  [[ ! -e foreign && ! -e unknown ]]
  matches collateral_refused
}

@test "collateral that expires within ten days is warned about" {
  start_service
  anchor=(--trust-anchor pki/root.pem)
  tdxvfs collateral fetch --fmspc 00806f050000 --pccs "$SERVICE" "${anchor[@]}" --out set > /dev/null
  tdxvfs collateral show set "${anchor[@]}" 2> warned
  [[ ! -s warned ]]
  tdxvfs collateral show set "${anchor[@]}" --at "$(date -u -d '+25 days' +%Y-%m-%dT%H:%M:%SZ)" 2> warned > /dev/null
  grep -qE "expires in [34] days" warned
  tdxvfs collateral show set "${anchor[@]}" --at "$(date -u -d '+28 days' +%Y-%m-%dT%H:%M:%SZ)" 2> warned > /dev/null
  grep -qE "expires in (2[2-9]|3[0-9]|4[0-7]) hours" warned
  run -5 tdxvfs collateral show set "${anchor[@]}" --at "$(date -u -d '+40 days' +%Y-%m-%dT%H:%M:%SZ)"
}

@test "a damaged set is named and hides none of the others" {
  start_service
  anchor=(--trust-anchor pki/root.pem)
  mkdir sets
  tdxvfs collateral fetch --fmspc 00806f050000 --pccs "$SERVICE" "${anchor[@]}" --out sets/b > /dev/null
  cp -r sets/b sets/c
  echo '{' > sets/tdx-00806f050000-platform-standard.json
  run -5 --separate-stderr tdxvfs collateral show sets "${anchor[@]}"
  [[ $output == *sets/b*"PCK CRL"*sets/c*"PCK CRL"* ]]
  # shellcheck disable=SC2154  # run sets stderr
  [[ $stderr == *"error: 'sets/tdx-00806f050000-platform-standard.json': "*"not a JSON object"* ]]
  run -5 --separate-stderr tdxvfs collateral show sets "${anchor[@]}" --json
  [[ $(grep -o '"verdict":"[a-z]*"' <<< "$output" | sort | uniq -c | tr -s ' \n' ' ') == ' 1 "verdict":"refused" 2 "verdict":"valid" ' ]]
}
