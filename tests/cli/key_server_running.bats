#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A key server that runs: metrics, readiness, reload, remote administration.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  begin_transcript
  deploy=$BATS_TEST_DIRNAME/../../deploy/grafana
}

teardown() {
  stop_server
  [[ -z ${small:-} ]] || umount "$small"
}

# fetch URL: prints the body; fails unless the status is 200.
fetch() {
  python3 -c 'import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1], timeout=10).read().decode())' "$1"
}

# promtool comes with Debian's package prometheus.
need_promtool() {
  command -v promtool > /dev/null || skip "promtool is not installed (package prometheus)"
}

# client NAME ROLE...: NAME.pem and NAME.key of the clients' authority.
client() {
  local name=$1 names=DNS:example.org role
  for role in "${@:2}"; do names+=,URI:tdxvfs-role:$role; done
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
    -keyout "$name.key" -out "$name.csr" 2> openssl.said
  printf 'subjectAltName=%s\nextendedKeyUsage=clientAuth\n' "$names" > extensions
  openssl x509 -req -in "$name.csr" -CA clients.pem -CAkey clients.key -days "${client_days:-1}" \
    -extfile extensions -out "$name.pem" 2> openssl.said
  chmod 600 "$name.key"
}

# clients_authority: clients.pem and an empty clients.crl.
clients_authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=clients -days 1 -keyout clients.key -out clients.pem 2> openssl.said
  : > index
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\ndefault_md=sha256\n' "$PWD" > ca.conf
  revoke
}

# revoke [CERTIFICATE]: writes clients.crl anew, for a day or `crl_lifetime`.
revoke() {
  local -a ca=(openssl ca -config ca.conf -cert clients.pem -keyfile clients.key)
  [[ $# -eq 0 ]] || "${ca[@]}" -revoke "$1" 2> openssl.said
  "${ca[@]}" -gencrl ${crl_lifetime:--crldays 1} -out clients.crl 2> openssl.said
}

# become NAME: administer with NAME's certificate from now on.
become() {
  mkdir -p .config/tdxvfs
  printf 'ca = "%s/server/tls/ca.pem"\ncertificate = "%s/%s.pem"\nkey = "%s/%s.key"\n' \
    "$PWD" "$PWD" "$1" "$PWD" "$1" > .config/tdxvfs/config.toml
  chmod 600 .config/tdxvfs/config.toml
}

@test "promtool accepts the metrics and /readyz says why a server is ready" {
  need_promtool
  init_server
  printf '[metrics]\naddress = "127.0.0.1:0"\n' >> server/keyserver.toml
  serve_again
  url=http://127.0.0.1:$(port_of "metrics are")
  fetch "$url/metrics" > scraped
  promtool check metrics < scraped
  grep -q '^tdxvfs_ready 1$' scraped
  fetch "$url/readyz" > readyz
  grep -qx 'store: ok' readyz
  grep -qx 'audit: ok' readyz
  grep -qx 'collateral: ok' readyz
  grep -qx 'certificate: ok' readyz
  fetch "$url/livez" > livez
  run ! fetch "$url/admin"
}

@test "a disk too small for what is kept back is told at the start and in /readyz" {
  tdxvfs-simulator pki pki > /dev/null
  init_server --trust-anchor pki/root.pem --collateral none
  printf '\n[metrics]\naddress = "127.0.0.1:0"\n' >> server/keyserver.toml
  mkdir -p server/audit
  mount -t tmpfs -o size=20m none server/audit || skip "this user may not mount a tmpfs"
  small=server/audit
  serve_again
  grep -q '"event":"audit-disk-short".*MiB free; until it has 32 MiB' server.log
  wait_for '"message":"metrics are served'
  fetch "http://127.0.0.1:$(port_of 'metrics are')/readyz" > readyz
  grep -q '^audit: ok, but the disk of .* refusals are not recorded$' readyz
}

@test "a connection gets no session ticket" {
  start_server
  # Whatever comes behind the handshake has come when the client hangs up.
  sleep 1 | openssl s_client -connect "localhost:$SERVER_PORT" -CAfile server/tls/ca.pem \
    -tls1_3 -alpn h2 > said 2>&1
  grep -aq 'TLSv1.3, Cipher is' said
  run ! grep -a 'New Session Ticket' said
}

@test "without [metrics] nothing listens for them" {
  start_server
  [[ -z $(port_of "metrics are") ]]
}

@test "alert rules hold and ask for metrics that exist" {
  need_promtool
  promtool check rules "$deploy/tdxvfs.rules.yml"
  promtool test rules "$deploy/tdxvfs.rules.test.yml"
  jq -r '.panels[].targets[].expr' "$deploy/dashboard.json" > expressions
  cat "$deploy/tdxvfs.rules.yml" >> expressions
  grep -o 'tdxvfs_[a-z_]*' expressions | sed 's/_bucket$//' | sort -u > used
  grep -o '"tdxvfs_[a-z_]*"' "$BATS_TEST_DIRNAME/../../keyserver/watch/metrics.cc" |
    tr -d '"' | sort -u > known
  [[ -s used ]]
  comm -23 used known > missing
  [[ ! -s missing ]] || { cat missing; return 1; }
}

@test "SIGHUP takes a good configuration and refuses a bad one by file and line" {
  start_server
  printf '[log]\nlevel = "debug"\n' >> server/keyserver.toml
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
  printf 'levl = "debug"\n' >> server/keyserver.toml
  line=$(wc -l < server/keyserver.toml)
  kill -HUP "$server_pid"
  wait_for '"event":"reload-refused"'
  grep -q "server/keyserver.toml:$line: log.levl" server.log
  # The next good one is taken again.
  sed -i '$d' server/keyserver.toml
  : > server.log
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
}

@test "remote administration by role, with a revocation that counts after a reload" {
  clients_authority
  client alice admin
  client carol volume-admin:data
  client oscar auditor
  init_server
  printf '[admin]\naddress = "127.0.0.1:0"\nca = "%s/clients.pem"\ncrl = "%s/clients.crl"\n' \
    "$PWD" "$PWD" >> server/keyserver.toml
  serve_again
  ones=$(printf '1%.0s' {1..96})
  printf '{"version": 1, "tee": "tdx", "mr_td": ["%s"], "rtmr": {"0": ["%s"], "1": ["%s"], "2": ["%s"]}}' \
    "$ones" "$ones" "$ones" "$ones" > policy.json
  TDXVFS_SERVER=localhost:$(port_of "administrators are")
  export TDXVFS_SERVER
  say tdxvfs policy put data policy.json
  become alice
  say tdxvfs policy put data policy.json
  say tdxvfs policy put other policy.json
  become carol
  say tdxvfs policy put data policy.json
  say tdxvfs policy put other policy.json
  say tdxvfs policy show other
  say tdxvfs key list
  become oscar
  say tdxvfs policy show other
  say tdxvfs key disable data
  sed -i -E 's/serial [0-9A-F]+/serial SERIAL/; s/localhost:[0-9]+/localhost:PORT/' transcript
  grep -q '"event":"admin-call","volume":"data".*"author":"CN=carol, serial .*PutPolicy: done' server.log
  grep -q '"event":"admin-refused","volume":"other".*"author":"CN=carol' server.log
  revoke carol.pem
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
  become carol
  run -2 tdxvfs policy put data policy.json
  wait_for 'CN=carol.*certificate revoked'
  matches remote_admin
}

@test "client certificates that no server takes are named, each with its cause" {
  clients_authority
  client alice admin
  client bob admin
  client nobody
  client_days=-1 client late admin
  mkdir other
  (cd other && clients_authority && client mallory admin)
  init_server
  printf '[admin]\naddress = "127.0.0.1:0"\nca = "%s/clients.pem"\ncrl = "%s/clients.crl"\n' \
    "$PWD" "$PWD" >> server/keyserver.toml
  serve_again
  TDXVFS_SERVER=localhost:$(port_of "administrators are")
  export TDXVFS_SERVER
  become alice
  tdxvfs key list
  # NAME, exit code, words
  while read -r name code words; do
    become "$name"
    run "-$code" tdxvfs key list
    echo "$name: $output"
    [[ $output == *"$words"* && ${#lines[@]} -eq 2 ]]
  done << 'END'
late 2 late.pem' ran out on
nobody 2 it has no role
other/mallory 4 whose issuer is not in its admin.ca
END
  cp bob.key alice.key
  become alice
  run -2 tdxvfs key list
  [[ $output == *"the key '$PWD/alice.key' does not belong to it"* && ${#lines[@]} -eq 2 ]]
}

@test "a revocation list that has run out is warned about, at start and reload" {
  clients_authority
  init_server
  printf '[admin]\naddress = "127.0.0.1:0"\nca = "%s/clients.pem"\ncrl = "%s/clients.crl"\n' \
    "$PWD" "$PWD" >> server/keyserver.toml
  local run_out='"event":"config-warning".*admin.crl: a revocation list has run out'
  serve_again
  run ! grep -qE "$run_out" server.log
  crl_lifetime='-crl_lastupdate 20010101000000Z -crl_nextupdate 20010102000000Z' revoke
  kill -HUP "$server_pid"
  wait_for '"event":"reloaded"'
  grep -qE "$run_out" server.log
  stop_server
  serve_again
  grep -qE "$run_out" server.log
}

@test "a socket that somebody else opened is served, and one of another name refused" {
  init_server
  cat > pass.py <<'END'
import os, socket, sys
name, port_file, *command = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", 0))
with open(port_file, "w") as out:
    out.write(str(listener.getsockname()[1]))
os.dup2(listener.fileno(), 3, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=name)
os.execvp(command[0], command)
END
  run -2 python3 pass.py others port tdxvfs-keyserver --config server/keyserver.toml
  : > server.log
  python3 pass.py guests port tdxvfs-keyserver --config server/keyserver.toml \
    < /dev/null > /dev/null 2> server.log &
  server_pid=$!
  wait_for '"event":"server-ready"'
  grep -q "serving on 127.0.0.1:$(cat port)\"" server.log
}
