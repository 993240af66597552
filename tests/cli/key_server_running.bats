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
}

# port_of WORDS: where the log says that WORDS are served.
port_of() {
  sed -n "s/.*\"message\":\"$1 served on 127\.0\.0\.1:\([0-9]*\)\".*/\1/p" server.log
}

# fetch URL: prints the body; fails unless the status is 200.
fetch() {
  python3 -c 'import sys, urllib.request as r; sys.stdout.write(r.urlopen(sys.argv[1], timeout=10).read().decode())' "$1"
}

# wait_for WORDS: until the log has them.
wait_for() {
  for _ in $(seq 200); do
    ! grep -q "$1" server.log || return 0
    sleep 0.05
  done
  cat server.log
  return 1
}

# promtool comes with Debian's package prometheus.
need_promtool() {
  command -v promtool > /dev/null || skip "promtool is not installed (package prometheus)"
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
