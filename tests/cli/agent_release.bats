#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The whole exchange with real programs up to the grant: quote device by FUSE,
# key server, agent. Opening needs a kernel with device mapper: tests/vm.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  load guest
  begin_transcript
  prepare_guest
  start_quote_device
  start_server --trust-anchor "$PWD/pki/root.pem" --collateral none
  pack_and_allow data
  configure data > made.said
}

teardown() {
  stop_server
  stop_quote_device
}

# fails CODE REASON COMMAND...
fails() {
  local code=$1 reason=$2
  shift 2
  run --separate-stderr "$@" --json
  # shellcheck disable=SC2154  # run sets stderr
  echo "exit code $status: $stderr"
  [[ $status -eq $code && $stderr == *"\"reason\":\"$reason\""* ]]
}

@test "check is granted the key, opens nothing and shares the audit id" {
  run --separate-stderr tdxvfs-agent unlock data --check --json
  echo "$stderr"
  [[ $status -eq 0 && $output == *'"version":1,'* ]]
  id=$(sed -n 's/.*"event":"checked".*"audit_id":"\([^"]*\)".*/\1/p' <<< "$stderr")
  tdxvfs audit show "$id"
  [[ -z $(reports) ]]
  [[ $(tdxvfs-agent status data) == "data  locked"* ]]
}

@test "A5: without a policy, for another volume or a retired one nothing is released" {
  cp data.img none.img
  configure none
  fails 5 refused-by-policy tdxvfs-agent unlock none --check
  tdxvfs volume pack model data2.img --register data
  tdxvfs key retire data 1
  fails 5 header-unknown tdxvfs-agent unlock data --check
}

@test "versions that repack and import registered are granted, too" {
  (umask 077 && printf 'correct horse' > key)
  tdxvfs volume pack model owned.img --key-file key --manifest owned.json
  tdxvfs volume repack owned.img data2.img --manifest owned.json --key-file key --register data
  truncate -s 2M clear
  mke2fs -q -F -t ext4 -d model clear
  "$BATS_TEST_DIRNAME/foreign_volume.py" clear old key luks2
  tdxvfs volume import old data3.img --key-file key --register data
  for version in 2 3; do
    cp "data$version.img" data.img
    run --separate-stderr tdxvfs-agent unlock data --check --json
    echo "$stderr"
    [[ $status -eq 0 && $output == *"\"version\":$version,"* ]]
  done
}

@test "A2: a replayed quote, a spoilt one and no quote have reasons of their own" {
  stop_quote_device
  start_quote_device --fault replay
  # The first quote is the one that is then given for ever.
  tdxvfs-agent unlock data --check
  fails 5 binding-mismatch tdxvfs-agent unlock data --check
  stop_quote_device
  start_quote_device --fault garbage
  fails 5 quote-invalid tdxvfs-agent unlock data --check
  stop_quote_device
  start_quote_device --fault tampered
  fails 5 quote-invalid tdxvfs-agent unlock data --check
  stop_quote_device
  start_quote_device --errno 110
  fails 3 quote-timeout tdxvfs-agent unlock data --check
  stop_quote_device
  fails 3 quote-device-missing tdxvfs-agent unlock data --check
}

@test "A13: a changed configuration is refused where the policy pins its digest" {
  digest=$(tdxvfs-agent config-digest data)
  jq --arg digest "$digest" '. + {config_digest: [$digest]}' data.policy > pinned.policy
  tdxvfs policy put data pinned.policy
  tdxvfs-agent unlock data --check
  echo '# another word' >> guest/etc/volumes.d/data.toml
  fails 5 refused-by-policy tdxvfs-agent unlock data --check
}

@test "A4: another authority, host name or key is refused before anything is said" {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other \
    -keyout other.key -out other.pem 2> openssl.said
  cp data.img other.img
  before=$(tdxvfs audit list --json | wc -l)
  tdxvfs-agent config other --image "$PWD/other.img" --mount /m \
    --server "localhost:$SERVER_PORT" --ca "$PWD/other.pem"
  fails 5 server-identity tdxvfs-agent unlock other --check
  rm guest/etc/volumes.d/other.toml
  tdxvfs-agent config other --image "$PWD/other.img" --mount /m \
    --server "127.0.0.9:$SERVER_PORT" --server "127.0.0.1:$SERVER_PORT" --ca "$PWD/server/tls/ca.pem" \
    --server-spki "sha256:$(printf '0%.0s' {1..64})"
  fails 4 server-unreachable tdxvfs-agent unlock other --check
  [[ $(tdxvfs audit list --json | wc -l) -eq $before ]]
}

@test "a pinned key alone is enough" {
  pin=$(openssl x509 -in server/tls/server.pem -noout -pubkey |
    openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64)
  tdxvfs-agent config pinned --image "$PWD/data.img" --mount /m \
    --server "localhost:$SERVER_PORT" --server-spki "sha256:$pin"
  # The volume is another name to the server; that it answers is the point.
  fails 5 refused-by-policy tdxvfs-agent unlock pinned --check
}

@test "wait goes on while the server is down and stops at SIGTERM" {
  stop_server
  tdxvfs-agent unlock data --wait --check > waited.out 2> waited.err 3>&- &
  agent_pid=$!
  for _ in $(seq 200); do
    ! grep -q 'attempt 2 ' waited.err || break
    sleep 0.05
  done
  [[ $(tdxvfs-agent status data) == "data  opening"* ]]
  kill -TERM "$agent_pid"
  code=0
  wait "$agent_pid" || code=$?
  cat waited.err
  [[ $code -eq 1 ]]
  grep -q '"reason":"server-unreachable"' waited.err
  grep -q 'stopped while waiting' waited.err
}

@test "wait ends with the reason that never passes" {
  sed -i 's/^ca .*/ca = "\/dev\/null"/' guest/etc/volumes.d/data.toml
  run tdxvfs-agent unlock data --wait
  [[ $status -eq 2 ]]
}

@test "SIGTERM while the device thinks leaves no report behind" {
  stop_quote_device
  start_quote_device --delay-ms 1500
  tdxvfs-agent unlock data --check 2> stopped.err 3>&- &
  agent_pid=$!
  # The folder itself does not answer while the device thinks.
  for _ in $(seq 200); do
    [[ -z $(find "/proc/$agent_pid/fd" -lname '*/outblob' 2> find.err) ]] || break
    sleep 0.02
  done
  kill -TERM "$agent_pid"
  code=0
  wait "$agent_pid" || code=$?
  cat stopped.err
  [[ $code -eq 1 ]]
  grep -q 'stopped while waiting for a quote' stopped.err
  [[ -z $(reports) ]]
}

# The passphrase is known by packing offline; then everything that another
# process or a restart could read is searched while the agent has the grant.
@test "G1: the passphrase is nowhere that others read" {
  passphrase=$(openssl rand -hex 32)
  (umask 077 && printf %s "$passphrase" > key)
  tdxvfs volume pack model known.img --key-file key --manifest known.manifest
  tdxvfs key put known --manifest known.manifest --key-file key
  tdxvfs policy put known data.policy
  rm key
  configure known
  tdxvfs-agent unlock known --check > said 2>&1
  tdxvfs-agent unlock known >> said 2>&1 || true
  grep -q known said
  run ! grep -rqF "$passphrase" said guest/etc guest/run server/audit server.log
}

@test "the agent cannot be traced and leaves no core" {
  stop_server
  tdxvfs-agent unlock data --wait --check 2> /dev/null 3>&- &
  agent_pid=$!
  for _ in $(seq 100); do
    grep -q '^Max core file size *0 *0 ' "/proc/$agent_pid/limits" && break
    sleep 0.02
  done
  grep -q '^Max core file size *0 *0 ' "/proc/$agent_pid/limits"
  # Not dumpable: its files under /proc belong to root whoever runs it.
  [[ -z $(pgrep --parent "$agent_pid") ]]
  kill -TERM "$agent_pid"
  wait "$agent_pid" || true
}
