#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What docs/runbook.md and docs/quickstart.md tell people to type, as it stands.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  begin_transcript
  docs=$BATS_TEST_DIRNAME/../../docs
}

teardown() {
  stop_server
}

# blocks FILE SECTION WORDS: the commands of the section whose block has the words.
blocks() {
  awk -v section="## $2" -v word="$3" '
    function end() { if (index(block, word)) printf "%s", block; block = "" }
    /^## / { end(); inside = ($0 == section) }
    inside && /^    / { block = block substr($0, 5) "\n"; next }
    { end() }' "$docs/$1"
}

# type_in FOLDER FILE SECTION WORDS: types those commands there. Nobody can answer what
# openssl asks, so keys have no passphrase; the host is this one.
type_in() {
  blocks "$2" "$3" "$4" |
    sed -e 's/^openssl req -x509/& -nodes/' -e 's/DNS:keys.example.com/DNS:localhost/' \
      -e "s|/etc/tdxvfs|$BATS_TEST_TMPDIR/server|" > typed
  [[ -s typed ]]
  (cd "$1" && bash -eu "$BATS_TEST_TMPDIR/typed") > said 2>&1 || { cat typed said; return 1; }
}

@test "remote administrators are made and revoked by the runbook" {
  mkdir authority
  for word in -x509 carol.csr admins.index; do
    type_in authority runbook.md "Remote administrators" "$word"
  done
  init_server
  cp authority/admins.pem authority/admins.crl server
  printf '[admin]\naddress = "127.0.0.1:0"\nca = "%s/admins.pem"\ncrl = "%s/admins.crl"\n' \
    "$PWD/server" "$PWD/server" >> server/keyserver.toml
  serve_again
  mkdir -p .config/tdxvfs
  printf 'server = "localhost:%s"\nca = "%s"\ncertificate = "%s"\nkey = "%s"\n' \
    "$(sed -n 's/.*administrators are served on 127\.0\.0\.1:\([0-9]*\).*/\1/p' server.log)" \
    "$PWD/server/tls/ca.pem" "$PWD/authority/carol.pem" "$PWD/authority/carol.key" \
    > .config/tdxvfs/config.toml
  unset TDXVFS_SERVER
  tdxvfs key list
  type_in authority runbook.md "Remote administrators" -revoke
  mv authority/admins.crl server/admins.crl
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
  run ! tdxvfs key list
  wait_for 'CN=carol.*certificate revoked'
}

# shown_is CERTIFICATE CA: what a stranger who has the CA alone is shown.
shown_is() {
  openssl s_client -connect "localhost:$SERVER_PORT" -CAfile "$2" \
    -verify_return_error -verify_hostname localhost -alpn h2 < /dev/null > said 2>&1 || { cat said; false; }
  openssl x509 -in said -noout -serial | diff - <(openssl x509 -in "$1" -noout -serial)
}

@test "a server certificate and its CA are replaced by the runbook" {
  start_server
  mkdir authority
  type_in authority runbook.md Certificates "-out server.csr"
  cp server/tls/ca.pem authority
  mv server/tls/ca.key authority
  type_in authority runbook.md Certificates server.ext
  before=$(openssl x509 -in server/tls/server.pem -noout -serial)
  mv authority/server.pem server/tls/server.pem
  [[ $before != $(openssl x509 -in server/tls/server.pem -noout -serial) ]]
  tdxvfs-keyserver check-config server/keyserver.toml
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
  shown_is server/tls/server.pem server/tls/ca.pem
  mkdir newer
  type_in newer runbook.md Certificates "tdxvfs CA 2"
  cp authority/server.csr newer
  type_in newer runbook.md Certificates server.ext
  cp newer/server.pem server/tls/server.pem
  : > server.log
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
  shown_is newer/server.pem newer/ca.pem
  cat server/tls/ca.pem newer/ca.pem > both.pem
  shown_is newer/server.pem both.pem
}

@test "a volume is packed elsewhere and put by the quickstart" {
  start_server
  export TDXVFS_SERVER=$PWD/server/admin.sock
  mkdir -p model elsewhere/model
  echo weights > elsewhere/model/weights
  type_in elsewhere quickstart.md "3. A volume" "key put"
  [[ $(tdxvfs key list resnet --json) == *'"version":1'* ]]
}

@test "a backup is restored on a new machine by the runbook" {
  start_server
  tdxvfs-keyserver --config server/keyserver.toml backup "$PWD/backup"
  stop_server
  mkdir moved
  mv server/audit moved
  sed -i "s|$PWD/server/store.db|$PWD/new/store.db|" server/keyserver.toml
  grep -q "$PWD/new/store.db" server/keyserver.toml
  grep -o '`install -d [^`]*`' "$docs/runbook.md" | tr -d '`' |
    sed "s|/var/lib/tdxvfs|$PWD/new|; s/tdxvfs-keyserver/$(id -u)/; s/-g tdxvfs-keyserver/-g $(id -g)/" > typed
  [[ -s typed ]]
  bash -eu typed
  tdxvfs-keyserver --config server/keyserver.toml restore "$PWD/backup"
  mkdir -m 700 server/audit
  serve_again
}
