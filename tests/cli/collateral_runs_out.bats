#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Collateral that runs out while a key server runs: its caching service is gone
# and comes back.

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

# ask: a release exchange; `granted`, or the reason why not.
ask() {
  exchange "${guest[@]}" | cut -d ' ' -f 1
}

# new_service [OPTION...]: a caching service that the running server asks from
# now on.
new_service() {
  start_service "$@"
  sed -i "s|^collateral = .*|collateral = \"$SERVICE\"|" server/keyserver.toml
  : > server.log
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
}

# ready_code: the status of /readyz, whose text goes to the file `readyz`.
ready_code() {
  /usr/bin/python3 -c '
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=10)
except urllib.error.HTTPError as refused:
    answer = refused
with open("readyz", "wb") as out:
    out.write(answer.read())
print(answer.status)' "$readyz"
}

# ready_with CODE: waits until /readyz says so; the server looks every 5 s.
ready_with() {
  for _ in $(seq 100); do
    [[ $(ready_code) != "$1" ]] || return 0
    sleep 0.1
  done
  cat readyz
  return 1
}

# use_up SECONDS: collateral that is good for so long, from a service that is
# gone after the first release. `granted`: the releases without it. Fails when
# there were none, as on a machine that is too busy.
use_up() {
  local end began
  end=$(($(date +%s) + $1))
  new_service --next-update "$(date -u -d "@$end" +%FT%TZ)"
  granted=0
  answer=$(ask)
  stop_service
  while [[ $answer == granted ]]; do
    began=$(date +%s)
    answer=$(ask)
    [[ $answer != granted ]] || ((++granted))
    # Not before the end, and not after it.
    [[ $answer == granted || $(date +%s) -ge $end ]] || fail "refused before the end"
    [[ $answer != granted || $began -le $end ]] || fail "released after the end"
  done
  [[ $granted -ge 1 ]]
}

fail() {
  echo "$1" >&2
  exit 1
}

@test "collateral is warned about and used to its end, then refused until there is new one" {
  start_service
  init_server --trust-anchor pki/root.pem --collateral "$SERVICE"
  printf '[metrics]\naddress = "127.0.0.1:0"\n' >> server/keyserver.toml
  serve_again
  readyz=http://127.0.0.1:$(port_of "metrics are")/readyz
  register_data
  stop_service

  use_up 7 || use_up 20 || use_up 60
  [[ $answer == collateral-unavailable ]]
  grep -q '"event":"collateral-expiring".*, in less than 2 minutes; then guests' server.log
  grep -q '"event":"collateral-expired"' server.log
  ready_with 503
  grep -q '^collateral: .*out of date' readyz

  new_service
  [[ $(ask) == granted ]]
  ready_with 200
  grep -qx 'collateral: ok' readyz
}
