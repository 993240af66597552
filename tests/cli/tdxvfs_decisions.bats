#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Quotes, policies learned from them, and the decisions on record, with a guest
# whose quotes a pretend Intel signs.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  load simulated_guest
  begin_transcript
  tdxvfs-simulator pki pki > /dev/null
}

teardown() {
  stop_server
}

good_guest() { exchange "${guest[@]}"; }
guest_with_other_kernel() { exchange "${other_kernel[@]}"; }
guest_with_forged_quote() { exchange "${guest[@]}" --fault tampered; }

@test "quotes of every version are genuine under their own trust anchor only" {
  for version in 4 5; do
    quote "quote-$version" --version "$version"
    say tdxvfs quote verify "quote-$version" --collateral none --trust-anchor pki/root.pem
    say tdxvfs quote verify "quote-$version" --collateral none --trust-anchor pki/root.pem --json
    say tdxvfs quote verify "quote-$version" --collateral none
  done
  tdxvfs-simulator pki other > /dev/null
  say tdxvfs quote verify quote-4 --collateral none --trust-anchor other/root.pem
  say tdxvfs quote verify quote-4 --collateral none --trust-anchor pki/root.pem --at 2001-01-01T00:00:00Z
  matches verify
}

@test "a debug guest is genuine, and the closing sentence says what it is" {
  quote debug --td-attributes 0100000000000000
  say tdxvfs quote verify debug --collateral none --trust-anchor pki/root.pem
  matches verify_debug
}

@test "what is no quote, no anchor or no file has a reason of its own" {
  quote good
  say tdxvfs quote verify good
  say tdxvfs quote verify good --collateral somewhere
  say tdxvfs quote verify missing --collateral none
  say tdxvfs quote inspect missing
  say tdxvfs quote inspect pki
  : > empty
  say tdxvfs quote inspect empty
  head -c 1048576 /dev/zero > zeroes
  say tdxvfs quote inspect zeroes
  say tdxvfs quote verify zeroes --collateral none
  head -c 1000 good > cut.bin
  say tdxvfs quote inspect cut.bin --json
  { cat good; echo tail; } > tail.bin
  say tdxvfs quote inspect tail.bin
  say tdxvfs quote verify good --collateral none --trust-anchor missing.pem
  say tdxvfs quote verify good --collateral none --trust-anchor empty
  say tdxvfs quote verify good --collateral none --trust-anchor zeroes
  matches no_quote
}

@test "inspect shows the measurements that were quoted" {
  quote good --version 5 --mr-config-id "$(value a)"
  tdxvfs quote inspect good --json > fields
  tdxvfs quote inspect good | grep -x "mr_td  *$(value 1)"
  grep -q '^{"version":5,"tee":"tdx",' fields
  grep -q "\"mr_config_id\":\"$(value a)\"" fields
  grep -q "\"rtmr\":\[\"$(value 1)\",\"$(value 1)\",\"$(value 1)\",\"[0-9a-f]*\"\]" fields
  grep -qE '"fmspc":"[0-9a-f]{12}","pce_id":"[0-9a-f]{4}","cpu_svn":"[0-9a-f]{32}"' fields
}

@test "A15: a learned policy says so unless computed values were expected" {
  quote good
  say tdxvfs policy from-quote good
  tdxvfs policy from-quote good | sed '/acknowledge/,/\]/d; s/^  },$/  }/' > expected.json
  say tdxvfs policy from-quote good --expect expected.json
  say tdxvfs policy from-quote good --expect missing.json
  matches learned
}

@test "A15: every learned value must be among the expected ones" {
  quote good
  tdxvfs policy from-quote good | sed '/acknowledge/,/\]/d; s/^  },$/  }/' > expected.json
  tdxvfs-simulator quote --pki pki --report-data "$(printf '0%.0s' {1..128})" "${other_kernel[@]}" --out kernel > /dev/null
  quote owner --mr-owner "$(value 3)"
  quote perfmon --td-attributes 0000001000000080
  say tdxvfs policy from-quote kernel --expect expected.json
  say tdxvfs policy from-quote owner --expect expected.json
  say tdxvfs policy from-quote perfmon --expect expected.json
  matches not_expected
}

@test "decisions are listed and shown, and a policy is mended from one" {
  start_server --trust-anchor pki/root.pem --collateral none
  mkdir model
  echo weights > model/weights
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  quote good
  tdxvfs policy from-quote good > policy.json
  tdxvfs policy put data policy.json
  say good_guest
  say guest_with_other_kernel
  say guest_with_forged_quote
  refused=$(tdxvfs audit list --reason refused-by-policy --json | grep -oE '"audit_id":"[^"]*"' | tail -n 1 | cut -d '"' -f 4)
  forged=$(tdxvfs audit list --reason quote-invalid --json | grep -oE '"audit_id":"[^"]*"' | tail -n 1 | cut -d '"' -f 4)
  say tdxvfs audit list
  say tdxvfs audit list --volume data --reason quote-invalid
  say tdxvfs audit list --limit 1
  say tdxvfs audit list --volume other
  say tdxvfs audit show "$refused"
  tdxvfs audit show "$refused" --json | /usr/bin/python3 -m json.tool > /dev/null
  say tdxvfs policy from-audit "$forged"
  say tdxvfs policy from-audit "$refused"
  say tdxvfs policy from-audit "$refused" --expect policy.json
  tdxvfs policy from-audit "$refused" > mended.json 2> /dev/null
  tdxvfs policy put data mended.json
  say guest_with_other_kernel
  say tdxvfs policy from-audit "$refused"
  matches decisions
}
