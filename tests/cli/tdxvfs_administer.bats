#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Keys, policies and audit against a real key server.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  begin_transcript
  mkdir model
  echo weights > model/weights
  printf 'correct horse' > key
  chmod 600 key
}

teardown() {
  stop_server
}

ones=$(printf '1%.0s' {1..96})
write_policy() {
  cat > "$1" << END
{"version": 1, "tee": "tdx", "mr_td": ["$ones"],
 "rtmr": {"0": ["$ones"], "1": ["$ones"], "2": ["$ones"]}}
END
}

@test "a volume is packed, registered, listed, retired and disabled" {
  start_server
  say tdxvfs volume pack model image --register data
  write_policy policy.json
  say tdxvfs policy put data policy.json
  say tdxvfs volume pack model second --register data --json
  say tdxvfs key list
  say tdxvfs key retire data 1
  say tdxvfs key retire data 7
  say tdxvfs key disable data
  say tdxvfs key list data --json
  say tdxvfs key enable data
  say tdxvfs key list data
  matches lifecycle
}

@test "the server's passphrase opens the image and is never shown" {
  start_server
  tdxvfs volume pack model image --register data > said 2>&1
  tdxvfs key list --json >> said
  run ! grep -qE '\b[0-9a-f]{64}\b.*\b[0-9a-f]{64}\b' said
  run ! grep -q passphrase said
}

@test "a volume packed offline is put, and an existing passphrase imported" {
  start_server
  tdxvfs volume pack model image --key-file key --manifest manifest
  say tdxvfs key put data --manifest manifest --key-file key
  say tdxvfs key put data --manifest manifest --key-file key
  # shellcheck disable=SC2094  # two different files
  say tdxvfs key import other --passphrase-file - --image image < key
  say tdxvfs key import third --passphrase-file key --manifest manifest --json
  say tdxvfs key import fourth --passphrase-file nokey --image image
  say tdxvfs key import fourth --passphrase-file - --image image < /dev/null
  head -c 1000 image > cut.img
  say tdxvfs key import fourth --passphrase-file key --image cut.img
  say tdxvfs key import fourth --passphrase-file key --image model
  say tdxvfs key put fourth --manifest key --key-file key
  sed 's/"uuid"/"uuid2"/' manifest > strange
  say tdxvfs key put fourth --manifest strange --key-file key
  say tdxvfs key list
  matches put_and_import
}

@test "policies come back as they were put, and bad ones are refused by place" {
  start_server
  say tdxvfs policy show data
  write_policy policy.json
  say tdxvfs policy put data policy.json
  say tdxvfs policy show data
  say tdxvfs policy put data missing.json
  echo '{"version": 1, "tee": "tdx"}' > bad.json
  say tdxvfs policy put data bad.json
  sed 's/"tee": "tdx"/"tee": "tdx", "tee": "tdx"/' policy.json > twice.json
  say tdxvfs policy put data twice.json
  sed 's/"mr_td"/"mrtd"/' policy.json > unknown.json
  say tdxvfs policy put data unknown.json
  head -c 70000 /dev/zero > large.json
  say tdxvfs policy put data large.json
  matches policies
}

@test "audit says what is not on record" {
  start_server
  say tdxvfs audit list
  say tdxvfs audit list --json
  say tdxvfs audit show 7f3c-91
  say tdxvfs policy from-audit 7f3c-91
  matches audit_empty
}

@test "a server that is not there is named, wherever its address comes from" {
  say tdxvfs key list --server /nonexistent/admin.sock
  TDXVFS_SERVER=unix:/nonexistent/other.sock say tdxvfs key list
  mkdir -p .config/tdxvfs
  echo 'server = "/nonexistent/third.sock"' > .config/tdxvfs/config.toml
  say tdxvfs key list
  echo 'sever = "x"' > .config/tdxvfs/config.toml
  say tdxvfs key list
  echo 'server = [1' > .config/tdxvfs/config.toml
  say tdxvfs key list
  chmod 666 .config/tdxvfs/config.toml
  say tdxvfs key list
  rm .config/tdxvfs/config.toml
  say tdxvfs key list --server keys.example.com:8443
  say tdxvfs key list --server model
  say tdxvfs key list --server ./model
  say tdxvfs volume pack model image --register data --server /nonexistent/admin.sock
  say tdxvfs key list --server /nonexistent/admin.sock --json
  [[ ! -e image ]]
  matches no_server
}

@test "another user may not administer" {
  [[ $EUID -eq 0 ]] || skip "needs root to become another user"
  start_server
  chmod 755 . server
  say setpriv --reuid=65534 --regid=65534 --clear-groups tdxvfs key list
  chmod 666 server/admin.sock
  say setpriv --reuid=65534 --regid=65534 --clear-groups tdxvfs key list
  matches other_user
}
