# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A pretend guest in the test's own folder: the agent with its world below
# TDXVFS_TEST_ROOT, and configfs-tsm by FUSE.

prepare_guest() {
  PATH=$(dirname "$TDXVFS_PROGRAMS_DIR")/agent_in_a_folder:$PATH
  export TDXVFS_TEST_ROOT=$BATS_TEST_TMPDIR/guest
  mkdir -p guest/etc/volumes.d guest/config
}

# start_quote_device [OPTION of 'tdxvfs-simulator fuse'...]
start_quote_device() {
  [[ -c /dev/fuse ]] || skip "needs /dev/fuse"
  [[ -d pki ]] || tdxvfs-simulator pki pki
  tdxvfs-simulator fuse guest/config --pki pki "$@" < /dev/null > device.log 2>&1 3>&- &
  device_pid=$!
  for _ in $(seq 200); do
    [[ ! -d guest/config/tsm/report ]] || return 0
    kill -0 "$device_pid" || break
    sleep 0.05
  done
  cat device.log
  return 1
}

stop_quote_device() {
  [[ -n ${device_pid:-} ]] || return 0
  kill "$device_pid" 2> /dev/null || true
  wait "$device_pid" || true
  device_pid=
}

# The report directories that are left.
reports() {
  find guest/config/tsm/report -mindepth 1 -maxdepth 1
}

# configure NAME [OPTION of 'tdxvfs-agent config'...]: for the running server.
configure() {
  local name=$1
  shift
  tdxvfs-agent config "$name" --image "$PWD/$name.img" --mount "/mnt/$name" \
    --server "localhost:$SERVER_PORT" --ca "$PWD/server/tls/ca.pem" "$@"
}

# pack_and_allow NAME: a volume that the server releases to this guest.
pack_and_allow() {
  mkdir -p model
  echo weights > model/weights
  tdxvfs volume pack model "$1.img" --register "$1" > packed.said 2>&1
  tdxvfs-agent quote --out "$1.quote"
  tdxvfs policy from-quote "$1.quote" > "$1.policy"
  tdxvfs policy put "$1" "$1.policy" > policy.said 2>&1
}
