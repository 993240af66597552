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

# registered VERSION MANIFEST: what the server must know of a version is what
# the manifest says.
registered() {
  local version manifest
  version=$(tdxvfs key list data --json | jq -cS --argjson n "$1" \
    '[.. | objects | select(.version? == $n)][0] | {uuid, header_sha256, header_profile, file_system}')
  manifest=$(jq -cS '{uuid, header_sha256, header_profile, file_system}' "$2")
  echo "$version is $manifest"
  [[ $version == "$manifest" ]]
}

# An old volume of cryptsetup with the model inside.
old_volume() {
  truncate -s 2M clear
  mke2fs -q -F -t ext4 -d model clear 2> /dev/null
  "$BATS_TEST_DIRNAME/foreign_volume.py" clear old key luks2
  rm clear
}

@test "repack and import register the next versions" {
  start_server
  old_volume
  tdxvfs volume pack model image --key-file key --manifest manifest > /dev/null
  tdxvfs key import data --manifest manifest --passphrase-file key > /dev/null 2>&1
  say tdxvfs volume repack image new --manifest manifest --key-file key --register data --new-manifest newmanifest
  say tdxvfs volume import old third --key-file key --register data --manifest thirdmanifest --json
  registered 1 manifest
  registered 2 newmanifest
  registered 3 thirdmanifest
  [[ $(jq -c .verity manifest) == $(jq -c .verity newmanifest) ]]
  # Neither has the old passphrase.
  run ! tdxvfs volume verify new --manifest newmanifest --key-file key
  run ! tdxvfs volume verify third --manifest thirdmanifest --key-file key
  say tdxvfs key list data
  matches next_versions
}

@test "D10: a version that an import left that was killed before its header is named" {
  start_server
  old_volume
  cp old before
  strace -f -o /dev/null -P "$PWD/old" -e inject=pwrite64:signal=KILL:when=1 \
    tdxvfs volume import old --in-place --key-file key --register data --manifest new.json > /dev/null 2>&1 || true
  cmp old before
  say tdxvfs volume import old --in-place --key-file key --register data --manifest new.json
  say tdxvfs key retire data 1
  registered 2 new.json
  matches stray_version
}

# All but the server's and those of bats.
files() {
  find . -name server -prune -o -name 'separate-stderr*' -o -type f -print | sort
}

# leaves COMMAND...: with a server that is lost while the image is made.
leaves() {
  "$BATS_TEST_DIRNAME/server_that_leaves.py" "$PWD/way.sock" "$PWD/server/admin.sock" . 3>&- &
  local way=$!
  for _ in $(seq 200); do
    [[ ! -S way.sock ]] || break
    sleep 0.05
  done
  run --separate-stderr "$@" --server "$PWD/way.sock"
  kill "$way" 2> /dev/null || true
  wait "$way" || true
  # shellcheck disable=SC2154  # run sets stderr
  echo "exit code $status: $stderr"
  [[ $status -eq 4 && $stderr != *"make a passphrase"* ]]
}

@test "a server lost meanwhile leaves no image and no version behind" {
  start_server
  old_volume
  tdxvfs volume pack model image --key-file key --manifest manifest > /dev/null
  before=$(files)
  leaves tdxvfs volume pack model leaving --register data --manifest leaving.json
  leaves tdxvfs volume repack image leaving --manifest manifest --key-file key --register data --new-manifest leaving.json
  leaves tdxvfs volume import old leaving --key-file key --register data --manifest leaving.json
  # The backup of the header stays when only the registration failed.
  rm old.header
  diff - <(files) <<< "$before"
  stop_server
  for command in "pack model leaving" "repack image leaving --manifest manifest --key-file key" "import old leaving --key-file key"; do
    # shellcheck disable=SC2086  # words
    run ! tdxvfs volume $command --register data
  done
  diff - <(files) <<< "$before"
  serve_again
  [[ $(tdxvfs key list --json) == *'[]'* ]]
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
