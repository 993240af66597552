# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real key server in the test's own folder, on a port of the kernel's choice.

# start_server [INIT OPTION...]: sets TDXVFS_SERVER and SERVER_PORT.
start_server() {
  init_server "$@"
  serve_again
}

# init_server [INIT OPTION...]: server/keyserver.toml and what it names;
# serve_again starts it.
init_server() {
  tdxvfs-keyserver init --directory "$BATS_TEST_TMPDIR/server" --name localhost \
    --listen 127.0.0.1:0 "$@" > init.said
}

# Starts the server of start_server, once more if it was stopped.
serve_again() {
  : > server.log
  tdxvfs-keyserver --config server/keyserver.toml < /dev/null > /dev/null 2> server.log 3>&- &
  server_pid=$!
  export TDXVFS_SERVER=server/admin.sock
  for _ in $(seq 200); do
    SERVER_PORT=$(sed -n 's/.*"event":"server-ready".*127\.0\.0\.1:\([0-9]*\).*/\1/p' server.log)
    [[ -z $SERVER_PORT ]] || return 0
    kill -0 "$server_pid" || break
    sleep 0.05
  done
  cat server.log
  return 1
}

stop_server() {
  [[ -n ${server_pid:-} ]] || return 0
  kill "$server_pid" 2> /dev/null || true
  wait "$server_pid" || true
  server_pid=
}

# wait_for WORDS: until the server's log has them.
wait_for() {
  for _ in $(seq 200); do
    ! grep -q "$1" server.log || return 0
    sleep 0.05
  done
  cat server.log
  return 1
}

# port_of WORDS: where the log says that WORDS are served.
port_of() {
  sed -n "s/.*\"message\":\"$1 served on 127\.0\.0\.1:\([0-9]*\)\".*/\1/p" server.log
}
