#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tries tdxvfs-simulator as a program: exit codes, messages and the file
# system that stands in for configfs-tsm.
set -euo pipefail

simulator=$1
folder=$(mktemp -d)
server=
cleanup() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap cleanup EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
# expect CODE COMMAND...: runs it, keeps its stderr in $folder/stderr.
expect() {
  local wanted=$1 code=0
  shift
  "$@" >"$folder/stdout" 2>"$folder/stderr" || code=$?
  [[ $code == "$wanted" ]] || fail "exit code $code, not $wanted: $*"
}
zeroes() { printf '00%.0s' $(seq "$1"); }

expect 0 "$simulator" --version
expect 2 "$simulator"
expect 2 "$simulator" quote
grep -q '^tdxvfs-simulator: error: ' "$folder/stderr" || fail "error line"
expect 0 "$simulator" pki "$folder/pki"
expect 2 "$simulator" pki "$folder/pki"
expect 2 "$simulator" quote --pki "$folder/none" --report-data "$(zeroes 64)" --out "$folder/q"
expect 2 "$simulator" quote --pki "$folder/pki" --report-data 00 --out "$folder/q"
expect 2 "$simulator" quote --pki "$folder/pki" --version 3 --report-data "$(zeroes 64)" --out "$folder/q"
for version in 4 5; do
  expect 0 "$simulator" quote --pki "$folder/pki" --version "$version" \
    --report-data "$(zeroes 64)" --out "$folder/quote$version"
  [[ $(od -An -tu2 -N2 "$folder/quote$version") -eq $version ]] || fail "version"
done
expect 2 "$simulator" quote --pki "$folder/pki" --report-data "$(zeroes 64)" --out "$folder/quote4"
grep -q "quote4' *.*exists\|File exists" "$folder/stderr" || fail "overwrite: $(cat "$folder/stderr")"

for version in 3 4 5; do
  expect 0 "$simulator" quote --pki "$folder/pki" --tee sgx --version "$version" \
    --report-data "$(zeroes 64)" --out "$folder/sgx$version"
  [[ $(od -An -tu2 -N2 "$folder/sgx$version") -eq $version ]] || fail "version"
  [[ $(od -An -tu4 -j4 -N4 "$folder/sgx$version") -eq 0 ]] || fail "TEE type"
done
expect 2 "$simulator" quote --pki "$folder/pki" --tee sgx --rtmr0 00 --report-data "$(zeroes 64)" --out "$folder/q"

expect 2 "$simulator" pki "$folder/other" --ca other
expect 2 "$simulator" pki "$folder/other" --fmspc 00
expect 0 "$simulator" pki "$folder/processor" --ca processor --fmspc 00a067110000
expect 2 "$simulator" collateral --pki "$folder/none" --out "$folder/set"
expect 2 "$simulator" collateral --pki "$folder/pki" --status Old --out "$folder/set"
expect 0 "$simulator" collateral --pki "$folder/processor" --tee sgx --status Revoked --out "$folder/set"
grep -q '"fmspc":"00A067110000"' "$folder/set/tcb_info.json" || fail "FMSPC"
grep -q '"tcbStatus":"Revoked"' "$folder/set/tcb_info.json" || fail "status"
[[ $(find "$folder/set" -type f | wc -l) -eq 6 ]] || fail "files of a set"

# Starts the pretend caching service with these options; its port in $port.
serve_pccs() {
  : >"$folder/url"
  "$simulator" pccs --pki "$folder/processor" --listen 127.0.0.1:0 "$@" >"$folder/url" &
  server=$!
  for _ in $(seq 200); do
    [[ -s $folder/url ]] && break
    sleep 0.05
  done
  port=$(sed 's/.*://' "$folder/url")
}
stop_pccs() {
  kill "$server"
  wait "$server" || fail "exit code of pccs after SIGTERM"
  server=
}
request() { printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1"; }
expect 2 "$simulator" pccs --pki "$folder/none" --listen 127.0.0.1:0
expect 2 "$simulator" pccs --pki "$folder/pki" --listen localhost:0
expect 2 "$simulator" pccs --pki "$folder/pki" --listen 127.0.0.1:0 --fault none
expect 2 "$simulator" pccs --pki "$folder/pki" --listen 127.0.0.1:0 --tls-key "$folder/k"
serve_pccs --fault unavailable,tcb --status OutOfDate
grep -q '^http://127.0.0.1:[0-9]*$' "$folder/url" || fail "URL: $(cat "$folder/url")"
exec 3<>"/dev/tcp/127.0.0.1/$port"
request "/sgx/certification/v4/pckcrl?ca=processor" >&3
head -n 1 <&3 | grep -q ' 200 ' || fail "PCK CRL"
exec 3<>"/dev/tcp/127.0.0.1/$port"
request "/tdx/certification/v4/tcb?fmspc=00a067110000" >&3
head -n 1 <&3 | grep -q ' 503 ' || fail "fault"
exec 3<&-
stop_pccs

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
  -days 2 -keyout "$folder/tls.key" -out "$folder/tls.pem" 2>/dev/null
serve_pccs --tls-certificate "$folder/tls.pem" --tls-key "$folder/tls.key"
grep -q '^https://' "$folder/url" || fail "URL: $(cat "$folder/url")"
request "/sgx/certification/v4/rootcacrl" |
  openssl s_client -quiet -ign_eof -verify_return_error -CAfile "$folder/tls.pem" \
    -connect "127.0.0.1:$port" 2>/dev/null >"$folder/answer" || true
head -n 1 "$folder/answer" | grep -q ' 200 ' || fail "over TLS: $(cat "$folder/answer")"
stop_pccs

if [[ ! -c /dev/fuse ]] || [[ $EUID != 0 && ! $(command -v fusermount3) ]]; then
  echo "SKIPPED: no /dev/fuse here, the file system was not tried"
  exit 77
fi
mkdir "$folder/config"
"$simulator" fuse "$folder/config" --pki "$folder/pki" &
server=$!
for _ in $(seq 100); do
  [[ -d $folder/config/tsm/report ]] && break
  kill -0 "$server" 2>/dev/null || { server=; echo "SKIPPED: no FUSE mount here"; exit 77; }
  sleep 0.05
done
report=$folder/config/tsm/report/one
mkdir "$report" || fail "mkdir"
[[ $(cat "$report/provider") == tdx_guest ]] || fail "provider"
[[ $(cat "$report/generation") == 0 ]] || fail "generation"
cat "$report/outblob" >/dev/null 2>"$folder/stderr" && fail "outblob before inblob"
grep -q "Invalid argument" "$folder/stderr" || fail "EINVAL"
head -c 65 /dev/zero | dd of="$report/inblob" bs=65 status=none 2>"$folder/stderr" && fail "65 bytes"
grep -q "File too large" "$folder/stderr" || fail "EFBIG"
[[ $(cat "$report/generation") == 1 ]] || fail "generation after a refused write"
head -c 32 /dev/zero >"$report/inblob" || fail "32 bytes"
cat "$report/outblob" >/dev/null 2>&1 && fail "quote for 32 bytes"
head -c 64 "$folder/quote4" >"$report/inblob" || fail "64 bytes"
[[ $(cat "$report/generation") == 3 ]] || fail "generation"
cat "$report/outblob" >"$folder/outblob" || fail "outblob"
# REPORTDATA of a version 4 quote: 64 bytes at 568.
cmp -s <(head -c 64 "$folder/quote4") <(tail -c +569 "$folder/outblob" | head -c 64) || fail "report data"
rmdir "$report" || fail "rmdir"
kill "$server"
wait "$server" || fail "exit code after SIGTERM"
server=
mountpoint -q "$folder/config" && fail "still mounted"
echo "ok"
