#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The audit log: why a guest was refused, who would be, and whether the log is
# what the server wrote.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  load caching_service
  load simulated_guest
  begin_transcript
  tdxvfs-simulator pki pki > /dev/null
}

teardown() {
  stop_service
  stop_server
}

# A server that decided about a good guest, one with another kernel and one
# whose quote was changed.
start_deciding() {
  start_server --trust-anchor pki/root.pem --collateral none
  register_data
  exchange "${guest[@]}" || true
  exchange "${other_kernel[@]}" || true
  exchange "${guest[@]}" --fault tampered || true
}

# id REASON: of the newest refusal.
id() {
  tdxvfs audit list --reason "$1" --json | grep -oE '"audit_id":"[^"]*"' | tail -n 1 | cut -d '"' -f 4
}

@test "explain says why, check by check, and what to do" {
  start_deciding
  released=$(tdxvfs audit list --json | grep -oE '"audit_id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
  say tdxvfs audit explain "$released"
  say tdxvfs audit explain "$(id refused-by-policy)"
  say tdxvfs audit explain "$(id quote-invalid)"
  say tdxvfs audit explain 0000-9
  tdxvfs audit explain "$(id refused-by-policy)" --wide | grep -q "rtmr1 .*$(value 1) .*$(value 2) .*DIFFERS"
  tdxvfs audit explain "$(id refused-by-policy)" --json | /usr/bin/python3 -c '
import json, sys
said = json.load(sys.stdin)
assert [c["name"] for c in said["checks"] if not c["passed"]] == ["rtmr1"], said
assert "docs/guest-image.md" in said["remedy"], said'
  matches explain
}

# released_with_collateral_for DAYS: a server that released the key once, and its log.
released_with_collateral_for() {
  start_service --next-update "$(date -u -d "+$1 days" +%FT%TZ)"
  rm -rf server
  start_server --trust-anchor pki/root.pem --collateral "$SERVICE"
  register_data
  exchange "${guest[@]}"
  stop_service
  stop_server
}

@test "a server warns of collateral from ten days before its end, and releases" {
  released_with_collateral_for 9
  grep -qE '"event":"collateral-expiring".* in [89] days' server.log
  released_with_collateral_for 12
  run ! grep -q collateral-expiring server.log
}

@test "explain says that Intel supports a platform no longer, and to update the host" {
  start_service
  start_server --trust-anchor pki/root.pem --collateral "$SERVICE"
  mkdir model
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  exchange "${guest[@]}" --tee-tcb-svn "$(printf '0%.0s' {1..32})" || true
  tdxvfs audit explain "$(id tcb-out-of-date)" > said
  grep -qx 'decision  [^ ]*  *refused: tcb-out-of-date' said
  grep -qx '   to do: update the host.s BIOS, microcode and TDX module; no policy can accept .*' said
  grep -qx 'The guest.s platform reaches no level that Intel lists for it (platform TCB level).' said
  grep -q '^What to do: update the host.s TDX module, ' said
  [[ $(grep -c '^decision .\{100\}' said) -eq 0 ]]
}

@test "decisions are chosen by peer and time, and exported" {
  start_deciding
  say tdxvfs audit list --peer 127.0.0.1 --since 1h --reason quote-invalid
  say tdxvfs audit list --peer 127.0.0.2
  say tdxvfs audit list --until 2001-01-01T00:00:00Z
  say tdxvfs audit list --since yesterday
  [[ $(tdxvfs audit export --reason refused-by-policy | grep -c '"kind":"refusal"') -eq 1 ]]
  [[ $(tdxvfs audit export --since 1h | grep -c '"kind":"release"') -eq 1 ]]
  tdxvfs-keyserver audit-key --config server/keyserver.toml > key.pem
  tdxvfs audit export > export.jsonl
  tdxvfs audit verify export.jsonl --key key.pem > /dev/null
  matches audit_choose
}

@test "a policy is tested against what is on record" {
  start_deciding
  say tdxvfs policy test policy.json --against audit
  tdxvfs policy from-audit "$(id refused-by-policy)" > other.json 2> /dev/null
  say tdxvfs policy test other.json --against audit
  say tdxvfs policy test other.json --against audit --limit 1 --json
  say tdxvfs policy test other.json
  echo '{}' > empty.json
  say tdxvfs policy test empty.json --against audit
  say tdxvfs audit list --limit 1
  matches policy_test
}

@test "who falls out of date is told from newer collateral" {
  start_deciding
  exchange "${guest[@]}" || true
  tdxvfs-simulator collateral --pki pki --out same > /dev/null
  tdxvfs-simulator collateral --pki pki --out newer --status OutOfDate --advisory INTEL-SA-00837 > /dev/null
  say tdxvfs fleet forecast --collateral same --trust-anchor pki/root.pem
  say tdxvfs fleet forecast --collateral newer --trust-anchor pki/root.pem
  say tdxvfs fleet forecast --collateral newer --trust-anchor pki/root.pem --json
  sed 's/"tee": "tdx",/"tee": "tdx", "tcb": {"accept": ["UpToDate"], "grace": {"OutOfDate": "2099-12-31"}},/' policy.json > grace.json
  tdxvfs policy put data grace.json
  say tdxvfs fleet forecast --collateral newer --trust-anchor pki/root.pem
  say tdxvfs fleet forecast --collateral missing --trust-anchor pki/root.pem
  # By another anchor than the server's, everybody would fall out.
  say tdxvfs fleet forecast --collateral same
  tdxvfs-simulator pki other > /dev/null
  say tdxvfs fleet forecast --collateral same --trust-anchor other/root.pem
  matches fleet_forecast
}

@test "who falls out early is asked of a caching service" {
  start_deciding
  exchange "${guest[@]}" || true
  start_service --early-status OutOfDate
  say tdxvfs fleet forecast --collateral early --pccs "$SERVICE" --trust-anchor pki/root.pem
  # What counts today says nothing of the kind.
  tdxvfs collateral fetch --fmspc 00806f050000 --pccs "$SERVICE" --trust-anchor pki/root.pem --out standard > /dev/null
  say tdxvfs fleet forecast --collateral standard --trust-anchor pki/root.pem
  stop_service
  say tdxvfs fleet forecast --collateral early --pccs "$SERVICE" --trust-anchor pki/root.pem
  matches fleet_forecast_early
}

# judge: verifies the folder `copy`.
judge() {
  say tdxvfs audit verify copy --key key.pem "$@"
}

# anew: `copy` as the server wrote it.
anew() {
  rm -rf copy
  mkdir copy
  cp server/audit/audit*.jsonl copy
}

@test "what is done to a log is found and named" {
  start_deciding
  tdxvfs-keyserver audit-key --config server/keyserver.toml > key.pem
  stop_server
  grep -h '"kind":"head"' server/audit/audit.jsonl | tail -n 1 > head.json
  anew
  judge
  judge --head head.json --json
  sed -i '4s/"data"/"date"/' copy/audit.jsonl
  judge
  judge --json
  anew
  sed -i 4d copy/audit.jsonl
  judge
  anew
  sed -i '4{h;d};5{G}' copy/audit.jsonl
  judge
  anew
  sed -i '$d' copy/audit.jsonl
  sed -i '$d' copy/audit.jsonl
  judge
  judge --head head.json
  # A key that was printed since comes with the newest head.
  tdxvfs-keyserver audit-key --config server/keyserver.toml > later.pem
  say tdxvfs audit verify copy --key later.pem
  anew
  tdxvfs audit verify copy --key later.pem > /dev/null
  openssl pkey -pubin -in later.pem -pubout | diff - <(head -n 3 key.pem)
  # The newest file is gone, or empty.
  mv copy/audit.jsonl copy/audit-000000000007.jsonl
  judge
  : > copy/audit.jsonl
  judge
  anew
  truncate -s -100 copy/audit.jsonl
  judge
  anew
  mv copy/audit.jsonl copy/elsewhere
  judge
  anew
  # A server that never started has no key yet.
  tdxvfs-keyserver init --directory "$BATS_TEST_TMPDIR/other" --name localhost --collateral none --trust-anchor pki/root.pem > /dev/null
  openssl genpkey -algorithm ed25519 2> /dev/null | openssl pkey -pubout > other.pem
  say tdxvfs audit verify copy --key other.pem
  say tdxvfs audit verify copy --key other.pem --head head.json
  say tdxvfs audit verify copy --key head.json
  say tdxvfs audit verify copy
  say tdxvfs audit verify copy --key key.pem --head other.pem
  say tdxvfs-keyserver audit-key --config other/keyserver.toml
  matches audit_verify
}

@test "evidence that is not what was shown is found, and not replayed" {
  start_deciding
  exchange "${guest[@]}" || true
  tdxvfs-keyserver audit-key --config server/keyserver.toml > key.pem
  judge_evidence() {
    say tdxvfs audit verify server/audit --key key.pem "$@"
  }
  tdxvfs audit verify server/audit --key key.pem | grep -x 'evidence  *there for 3 of 3 records, as the guests showed it'
  release=$(echo server/audit/evidence/release-*)
  cp "$release" whole
  # One byte of the quote of the first of two.
  printf x | dd of="$release" bs=1 seek=100 conv=notrunc status=none
  judge_evidence
  judge_evidence --json
  tdxvfs policy test policy.json --against audit | grep -c 'not replayed  *the evidence is not what was shown' | grep -qx 1
  head -c -1 whole > "$release"
  judge_evidence
  tdxvfs audit list --json | grep -oE '"audit_id":"[^"]*"' | tail -n 1 | cut -d '"' -f 4 > last
  tdxvfs audit show "$(cat last)" --json | grep -q '"evidence":"damaged"'
  tdxvfs-simulator collateral --pki pki --out same > /dev/null
  tdxvfs fleet forecast --collateral same --trust-anchor pki/root.pem > forecast
  grep -q "^ *data .* not known  the guest's quote was kept once, but is damaged" forecast
  # A file that an operator or the server dropped is no longer asked for.
  rm "$release"
  tdxvfs audit verify server/audit --key key.pem | grep -x 'evidence  *there for 1 of 3 records, as the guests showed it; dropped, or not beside this copy, for 2'
  touch server/audit/evidence/release-2001-01-01-000000
  judge_evidence
  matches audit_evidence
}

@test "a link and a head are checked with sha256sum, jq and openssl alone" {
  command -v jq > /dev/null || skip "jq is not installed"
  start_deciding
  tdxvfs-keyserver audit-key --config server/keyserver.toml > key.pem
  stop_server
  tail -n 2 server/audit/audit.jsonl > two
  link=$(head -n 1 two | jq -r .link)
  line=$(tail -n 1 two)
  [[ $(printf '%s%s' "$link" "${line%,\"link\":*}" | sha256sum | cut -c 1-64) == "$(jq -r .link <<< "$line")" ]]
  jq -r '"tdxvfs-audit-head-v1\n\(.instance)\n\(.last_seq)\n\(.last_link)\n\(.time)"' <<< "$line" > text
  jq -r .signature <<< "$line" | /usr/bin/python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' > signature
  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature
}

@test "a line that is damaged while the server runs hides none of the others" {
  start_deciding
  tdxvfs audit export > before
  /usr/bin/python3 -c '
log = open("server/audit/audit.jsonl", "r+b")
lines = log.read().split(b"\n")
[at] = [i for i, line in enumerate(lines) if b"refused-by-policy" in line]
log.seek(sum(len(line) + 1 for line in lines[:at]) + 40)
log.write(b"\xff\"{")'
  tdxvfs audit export > after
  head -n "$(wc -l < after)" server/audit/audit.jsonl | cmp - after
  [[ $(wc -l < after) -ge $(wc -l < before) ]]
  tdxvfs-simulator collateral --pki pki --out same > /dev/null
  run -5 --separate-stderr tdxvfs fleet forecast --collateral same --trust-anchor pki/root.pem
  [[ $output == *"0 of 1 guests fall out"* ]]
  # shellcheck disable=SC2154  # run sets stderr
  [[ $stderr == *"1 line of the audit log is damaged"* ]]
}

# damage TEXT WORDS BYTES: writes BYTES over what follows WORDS in the only line of
# the log with TEXT, while the server runs.
damage() {
  TEXT=$1 WORDS=$2 BYTES=$3 /usr/bin/python3 -c '
import os
log = open("server/audit/audit.jsonl", "r+b")
text = log.read()
mark, words, damage = (os.environb[name] for name in (b"TEXT", b"WORDS", b"BYTES"))
[line] = [line for line in text.split(b"\n") if mark in line]
log.seek(text.index(line) + line.index(words) + len(words))
log.write(damage)'
}

# left_out COUNT COMMAND...: does its work, and says that lines were left out.
left_out() {
  run -5 --separate-stderr "${@:2}"
  # shellcheck disable=SC2154  # run sets stderr
  [[ $stderr == *"error: $1 of the audit log "*" damaged and left out; "* ]]
}

@test "lists of decisions say that a line is damaged" {
  start_deciding
  damaged=$(id refused-by-policy)
  damage refused-by-policy '"kind":"' X
  left_out "1 line" tdxvfs audit list
  [[ $(grep -c data <<< "$output") == 2 && $output == *quote-invalid* ]]
  left_out "1 line" tdxvfs audit export --reason quote-invalid
  [[ $(wc -l <<< "$output") == 2 ]]
  left_out "1 line" tdxvfs policy test policy.json --against audit
  [[ $output == *"1 of 2 decisions replayed"* ]]
  run -2 tdxvfs audit show "$damaged"
  [[ $output == *"no decision '$damaged' is on record; 1 line of the log is damaged"* ]]
  # One whose beginning can still be read.
  damage quote-invalid '"detail":"' '"'
  left_out "2 lines" tdxvfs audit list --volume data
  [[ $(grep -c data <<< "$output") == 1 ]]
  # And one that is no text any more.
  damage '"kind":"release"' '"purpose":"' $'\xff'
  run -5 --separate-stderr tdxvfs audit list --json
  [[ $output == "[]" && $(jq -r .reason <<< "$stderr") == audit-tampered ]]
}

@test "lines that ran together, zeroes and a full file that is cut off are damaged lines" {
  start_deciding
  left_out_of_export() { left_out "$1" tdxvfs audit export --reason nonce-expired; }
  cp server/audit/audit.jsonl whole
  restore() { cat whole > server/audit/audit.jsonl; }
  /usr/bin/python3 -c '
log = open("server/audit/audit.jsonl", "r+b")
text = log.read()
log.seek(text.index(b"\n", text.index(b"refused-by-policy")))
log.write(b" ")'
  left_out_of_export "1 line"
  restore
  /usr/bin/python3 -c '
log = open("server/audit/audit.jsonl", "r+b")
log.seek(log.read().index(b"refused-by-policy") + 300)
log.write(bytes(50))'
  left_out_of_export "1 line"
  left_out "1 line" tdxvfs policy test policy.json --against audit
  restore
  # A full file before the newest one.
  stop_server
  head -c 900 server/audit/audit.jsonl > server/audit/audit-000000000002.jsonl
  serve_again
  left_out_of_export "1 line"
  left_out "1 line" tdxvfs audit export
}

@test "fewer decisions than there are is told" {
  start_deciding
  run --separate-stderr tdxvfs policy test policy.json --against audit --limit 2
  [[ $output == *"1 of 2 decisions replayed"* && $stderr == *"decisions older than these 2, if any, were not looked at"* ]]
  run --separate-stderr tdxvfs audit list --limit 3
  [[ $stderr == *"older than these 3, "* ]]
  run --separate-stderr tdxvfs audit list
  [[ -z $stderr ]]
}

@test "a guest whose evidence is gone is not left out of a forecast" {
  start_deciding
  exchange "${guest[@]}" || true
  tdxvfs-simulator collateral --pki pki --out same > /dev/null
  rm server/audit/evidence/release-*
  run -0 tdxvfs fleet forecast --collateral same --trust-anchor pki/root.pem
  [[ $output == *"data "*"not known "*"the guest's quote was kept once, but is dropped"* ]]
  [[ $output == *"0 of 1 guests fall out by this collateral; not known: 1."* ]]
}
