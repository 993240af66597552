#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Quotes judged by collateral, both signed by a pretend Intel.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  begin_transcript
  tdxvfs-simulator pki pki > /dev/null
  quote good
}

# quote FILE [OPTION...]: a quote of a guest on the pretend platform.
quote() {
  local file=$1
  shift
  tdxvfs-simulator quote --pki pki --report-data "$(printf '0%.0s' {1..128})" \
    "$@" --out "$file" > /dev/null
}

# collateral FOLDER [OPTION...]
collateral() {
  local folder=$1
  shift
  tdxvfs-simulator collateral --pki pki --out "$folder" "$@" > /dev/null
}

# judge FILE FOLDER [OPTION...]
judge() {
  local file=$1 folder=$2
  shift 2
  say tdxvfs quote verify "$file" --collateral "$folder" --trust-anchor pki/root.pem "$@"
}

# member NAME: of the answer in out.said.
member() {
  /usr/bin/python3 -c 'import json, sys; print(json.load(open("out.said"))[sys.argv[1]])' "$1"
}

@test "an up-to-date platform is genuine, and every check is told" {
  collateral set
  judge good set
  judge good set --json
  grep -q '"tcb_status":"UpToDate","tcb_date":"20.*Z","advisory_ids":\[\],"qe_status":"UpToDate"' out.said
  matches verify_up_to_date
}

@test "every status of a platform is genuine without a policy, and has a remedy" {
  for status in SWHardeningNeeded ConfigurationNeeded ConfigurationAndSWHardeningNeeded \
    OutOfDate OutOfDateConfigurationNeeded Revoked; do
    collateral "$status" --status "$status" --advisory INTEL-SA-00837
    judge good "$status" --json
    [[ $(member verdict) == genuine ]]
    [[ $(member tcb_status) == "$status" ]]
    [[ $(member platform_status) == "$status" ]]
    [[ $(member advisory_ids) == "['INTEL-SA-00837']" ]]
    judge good "$status"
    tail -n 1 out.said | grep '^remedy: .*; advisories: INTEL-SA-00837$'
  done
}

@test "parts that are out of date make the whole so" {
  collateral module --module-status OutOfDate
  judge good module --json
  [[ $(member module_status) == OutOfDate && $(member tcb_status) == OutOfDate ]]
  collateral qe --qe-status Revoked
  judge good qe --json
  [[ $(member qe_status) == Revoked && $(member tcb_status) == Revoked ]]
}

@test "what is wrong with collateral is told by document, rule and remedy" {
  collateral set
  collateral revoked --revoke leaf
  collateral revoked-ca --revoke intermediate
  collateral sgx --tee sgx
  cp -r set changed
  sed -i 's/"pcesvn":[0-9]*/"pcesvn":1/' changed/tcb_info.json
  cp -r set without
  rm without/pck_crl.der
  tdxvfs-simulator pki other > /dev/null
  tdxvfs-simulator collateral --pki other --out foreign > /dev/null
  for folder in revoked revoked-ca sgx changed without foreign; do
    judge good "$folder"
  done
  judge good set --at 2001-01-01T00:00:00Z
  matches verify_collateral
}

@test "a debug guest is genuine, and the answer says what it is" {
  collateral set
  quote debug --td-attributes 0100000000000000
  judge debug set --json
  [[ $(member verdict) == genuine && $(member debug) == True ]]
  [[ $(member tcb_status) == UpToDate ]]
}

@test "quotes of SGX enclaves are judged by SGX collateral of either version" {
  quote enclave --tee sgx
  for version in 2 3; do
    collateral "sgx-$version" --tee sgx --tcb-info-version "$version"
    judge enclave "sgx-$version" --json
    [[ $(member verdict) == genuine && $(member tcb_status) == UpToDate ]]
    [[ $(member module_status) == None ]]
  done
}

@test "a policy answers its own question" {
  collateral set
  collateral old --status OutOfDate
  tdxvfs policy from-quote good > policy.json
  judge good set --policy policy.json --json
  [[ $(member verdict) == genuine ]]
  judge good old --policy policy.json --json
  [[ $(member verdict) == refused && $(member reason) == tcb-out-of-date ]]
  [[ $(member tcb_status) == OutOfDate ]]
  quote other --mr-td "$(printf '1%.0s' {1..96})"
  judge other set --policy policy.json --json
  [[ $(member verdict) == refused && $(member reason) == refused-by-policy ]]
  [[ $(member message) == *": mr_td" ]]
  quote enclave --tee sgx
  collateral sgx --tee sgx
  judge enclave sgx --policy policy.json --json
  [[ $(member reason) == evidence-unsupported ]]
}

@test "a policy that pins the configuration needs its digest" {
  collateral set
  tdxvfs policy from-quote good > policy.json
  digest=$(printf '9%.0s' {1..64})
  sed -i "s/\"version\":1,/\"version\":1,\"config_digest\":[\"$digest\"],/; s/\"version\": 1,/\"version\": 1, \"config_digest\": [\"$digest\"],/" policy.json
  grep -q config_digest policy.json
  judge good set --policy policy.json --json
  [[ $(member verdict) == refused && $(member message) == *": config_digest" ]]
  [[ $(member remedy) == *--config-digest* ]]
  judge good set --policy policy.json --config-digest "${digest^^}" --json
  [[ $(member verdict) == genuine ]]
  judge good set --policy policy.json --config-digest "${digest/9/8}" --json
  [[ $(member verdict) == refused && $(member message) == *": config_digest" ]]
  [[ $(member remedy) != *--config-digest* ]]
  run -2 tdxvfs quote verify good --collateral set --policy policy.json --config-digest 99
  run -2 tdxvfs quote verify good --collateral set --config-digest "$digest"
}

@test "A11: an event log that is not this guest's is refused" {
  collateral set
  head -c 100 /dev/zero > log
  judge good set --event-log log
  judge good set --event-log missing
  matches verify_event_log
}

@test "a batch has one line for each vector and ends well when each was judged" {
  collateral lists/set
  collateral lists/old --status OutOfDate
  collateral lists/revoked --revoke leaf
  cp good lists/good
  head -c 1000 good > lists/cut
  cat > lists/batch.json << END
[{"id": "good", "quote": "good", "collateral": "set"},
 {"id": "old", "quote": "good", "collateral": "old", "stage": "ignored", "override": null},
 {"id": "override", "quote": "good", "collateral": "set", "override": {"pck_crl": "revoked/pck_crl.der"}},
 {"id": "early", "quote": "good", "collateral": "set", "at": "2001-01-01T00:00:00Z"},
 {"id": "cut", "quote": "cut", "collateral": "set"},
 {"id": "no file", "quote": "missing", "collateral": "set"},
 {"id": "no folder", "quote": "good", "collateral": "missing"},
 {"id": "no time", "quote": "good", "collateral": "set", "at": "yesterday"},
 {"id": "no member", "quote": "good", "collateral": "set", "override": {"pck": "good"}},
 {"id": "no quote", "collateral": "set"},
 {"id": "no text", "quote": 1, "collateral": "set"},
 {"id": "doubled", "quote": "good", "quote": "cut", "collateral": "set"},
 {"id": "NUL", "quote": "good\u0000cut", "collateral": "set"},
 {"id": "NUL inside", "quote": "good", "collateral": "set", "override": {"pck_crl": "set/pck_crl.der\u0000"}},
 {"id": "two", "quote": "good", "collateral": "set", "override": {"pck_crl": "good", "pck_crl": "set/pck_crl.der"}}]
END
  local status=0
  # The answers carry the time that they were judged at.
  local judge_all=(tdxvfs quote verify --trust-anchor pki/root.pem --at "$(date -u +%FT%TZ)")
  "${judge_all[@]}" --batch lists/batch.json > lines 2> said || status=$?
  [[ $status -eq 2 ]]
  grep -F "10 of 15 vectors were not judged, the first of them 'no file': " said
  head -n 5 lists/batch.json | sed '$s/,$/]/' > lists/judged.json
  "${judge_all[@]}" --batch lists/judged.json | diff - <(head -n 5 lines)
  /usr/bin/python3 - > verdicts << 'END'
import json
for line in open("lines"):
    v = json.loads(line)
    print(v["id"], v["verdict"], v["tcb_status"], v["reason"], v["checks"][-1]["name"], sep="|")
END
  diff -u - verdicts << 'END'
good|genuine|UpToDate|None|TCB status
old|genuine|OutOfDate|None|TCB status
override|refused|None|quote-invalid|revocation
early|refused|None|quote-invalid|PCK chain dates
cut|refused|None|quote-invalid|quote format
no file|refused|None|file-not-found|files to judge
no folder|refused|None|file-not-found|files to judge
no time|refused|None|usage|files to judge
no member|refused|None|file-invalid|files to judge
no quote|refused|None|file-invalid|files to judge
no text|refused|None|file-invalid|files to judge
doubled|refused|None|file-invalid|files to judge
NUL|refused|None|file-invalid|files to judge
NUL inside|refused|None|file-invalid|files to judge
two|refused|None|file-invalid|files to judge
END
}

@test "a batch that is no list and options that do not go together are usage errors" {
  say tdxvfs quote verify --batch missing.json
  echo '{"id": "one"}' > object.json
  say tdxvfs quote verify --batch object.json
  echo '[1]' > number.json
  say tdxvfs quote verify --batch number.json
  say tdxvfs quote verify good --batch object.json
  say tdxvfs quote verify --collateral none
  matches verify_batch_usage
}
