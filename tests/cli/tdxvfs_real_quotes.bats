#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real quotes, read in place from TDXVFS_TESTDATA.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  if [[ -z ${TDXVFS_TESTDATA:-} ]]; then
    skip "TDXVFS_TESTDATA is not set: no real quotes to read"
  fi
  begin_transcript
}

# judge FILE TIME: exit code of verifying it at that time.
judge() {
  local code=0
  tdxvfs quote verify "$1" --collateral none --at "$2" --json > verdict 2> error || code=$?
  echo "$code"
}

# flip FILE OFFSET: a copy with one bit of this byte changed.
flip() {
  local byte
  byte=$(od -An -tu1 -j "$2" -N 1 "$1")
  cp "$1" flipped
  # shellcheck disable=SC2059  # the format is the byte
  printf "\\x$(printf %02x $((byte ^ 1)))" | dd of=flipped bs=1 seek="$2" conv=notrunc status=none
}

# vectors FILTER: "quote time" of every vector that a jq-like filter takes.
vectors() {
  /usr/bin/python3 - "$TDXVFS_TESTDATA" "$1" << 'END'
import json, sys
folder, kind = sys.argv[1:]
seen = set()
for vector in json.load(open(folder + "/vectors.json")):
    good = vector["crypto_ok"] and vector["chain_root"] == "intel" \
        and not vector["pck_not_yet_valid"]
    if good == (kind == "good") and vector["quote"] not in seen:
        seen.add(vector["quote"])
        print(folder + "/" + vector["quote"], vector["at"])
END
}

@test "every real quote whose chain holds is genuine at its time" {
  local count=0
  while read -r quote at; do
    [[ $(judge "$quote" "$at") -eq 0 ]] || { echo "$quote at $at"; cat verdict error; false; }
    grep -q '"verdict":"genuine","tcb_status":null' verdict
    count=$((count + 1))
  done < <(vectors good)
  echo "# $count real quotes" >&3
  [[ $count -gt 20 ]]
}

@test "inspect shows what the bytes of the quote say" {
  local count=0
  while read -r quote _; do
    tdxvfs quote inspect "$quote" --json > fields
    /usr/bin/python3 - "$quote" << 'END'
import json, sys
data = open(sys.argv[1], "rb").read()
fields = json.load(open("fields"))
version = int.from_bytes(data[0:2], "little")
tdx = int.from_bytes(data[4:8], "little") == 0x81
body = 54 if version == 5 else 48
def at(offset, size): return data[body + offset:body + offset + size].hex()
expected = {"version": version, "tee": "tdx" if tdx else "sgx"}
if tdx:
    expected |= {
        "tee_tcb_svn": at(0, 16), "mr_seam": at(16, 48),
        "td_attributes": at(120, 8), "xfam": at(128, 8), "mr_td": at(136, 48),
        "mr_config_id": at(184, 48), "mr_owner": at(232, 48),
        "mr_owner_config": at(280, 48),
        "rtmr": [at(328 + 48 * i, 48) for i in range(4)],
        "report_data": at(520, 64)}
else:
    expected |= {
        "attributes": at(48, 16), "mr_enclave": at(64, 32),
        "mr_signer": at(128, 32),
        "isv_prod_id": int.from_bytes(data[body + 256:body + 258], "little"),
        "isv_svn": int.from_bytes(data[body + 258:body + 260], "little"),
        "report_data": at(320, 64)}
wrong = {k: (v, fields.get(k)) for k, v in expected.items() if fields.get(k) != v}
assert not wrong, (sys.argv[1], wrong)
# The name of the file carries the FMSPC, unless the quote has no certificate.
fmspc = sys.argv[1].rsplit("/", 1)[1].split("-")[1]
if fields["certification_type"] == 5 and len(fmspc) == 12:
    assert fields["fmspc"] == fmspc, (sys.argv[1], fields["fmspc"])
assert fields["fmspc"] is None or len(fields["cpu_svn"]) == 32
END
    count=$((count + 1))
  done < <(printf '%s -\n' "$TDXVFS_TESTDATA"/quotes/*.bin)
  echo "# $count real quotes" >&3
}

@test "A9: one flipped bit anywhere in what is signed is refused with exit code 5" {
  local quote at offset
  for version in v3 v4 v5; do
    read -r quote at < <(vectors good | grep "/$version-" | head -n 1)
    [[ -n $quote ]]
    # Header, body, signature, attestation key, QE report and its signature.
    for offset in 0 2 4 12 28 48 60 100 140 200 300 400 440 500 600 700 900 1000; do
      flip "$quote" "$offset"
      [[ $(judge flipped "$at") -eq 5 ]] || { echo "$quote byte $offset"; cat verdict; false; }
      grep -q '"verdict":"refused"' verdict
      grep -q '"reason":"quote-invalid"' verdict error
    done
  done
}

@test "a truncated real quote is refused, wherever it ends" {
  local quote size
  read -r quote _ < <(vectors good | grep /v4- | head -n 1)
  for size in 0 1 47 48 631 632 700 1000 4000; do
    head -c "$size" "$quote" > cut.img
    [[ $(judge cut.img 2026-01-01T00:00:00Z) -eq 5 ]]
  done
}

@test "real vectors have exactly their verdict, and altered ones are refused" {
  for list in vectors negative; do
    tdxvfs quote verify --batch "$TDXVFS_TESTDATA/$list.json" > "$list"
  done
  /usr/bin/python3 - "$TDXVFS_TESTDATA" << 'END'
import json, sys
folder = sys.argv[1]
def pairs(name):
    answers = [json.loads(line) for line in open(name)]
    vectors = json.load(open(f"{folder}/{name}.json"))
    assert [a["id"] for a in answers] == [v["id"] for v in vectors]
    return zip(vectors, answers)
same = ["tcb_status", "platform_status", "module_status", "qe_status",
        "tcb_date", "advisory_ids", "debug"]
for vector, answer in pairs("vectors"):
    if vector["pck_not_yet_valid"] or vector["tcb_status"] == "NotSupported":
        assert (answer["verdict"], answer["tcb_status"]) == ("refused", None), answer
    else:
        assert answer["verdict"] == "genuine", answer
        wrong = {m: (vector[m], answer[m]) for m in same if vector[m] != answer[m]}
        assert not wrong, (vector["id"], wrong)
for vector, answer in pairs("negative"):
    expected = {"reject": "refused", "accept": "genuine"}.get(vector["expect"])
    assert expected in (None, answer["verdict"]), (vector["id"], answer["message"])
END
}
