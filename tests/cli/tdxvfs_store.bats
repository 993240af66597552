#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits, deletion, policy history, and the key server's store as a whole.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load key_server
  begin_transcript
  mkdir model
  echo weights > model/weights
}

teardown() {
  stop_server
}

digits() {
  printf "$1%.0s" {1..96}
}

write_policy() {
  cat > "$1" << END
{"version": 1, "tee": "tdx", "mr_td": ["$(digits "$2")"],
 "rtmr": {"0": ["$(digits 1)"], "1": ["$(digits 1)"], "2": ["$(digits 1)"]}}
END
}

@test "a version is limited, deleted and undeleted" {
  start_server
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  say tdxvfs key limit data 1 --not-after 2099-01-01T00:00:00Z --releases 5
  say tdxvfs key list data
  say tdxvfs key limit data 1
  say tdxvfs key limit data 1 --none --releases 1
  say tdxvfs key limit data 1 --not-before 2099-01-02T00:00:00Z --not-after 2099-01-01T00:00:00Z
  say tdxvfs key limit data 1 --not-before tomorrow
  say tdxvfs key limit data 1 --not-after 9999-12-31T23:59:59Z
  say tdxvfs key limit data 2 --none
  say tdxvfs key limit data 1 --none --json
  say tdxvfs key delete data 1
  say tdxvfs key list data --json
  say tdxvfs key undelete data 1
  say tdxvfs key delete data 2
  say tdxvfs key list data
  say tdxvfs key list data --guests
  say tdxvfs key list --guests
  matches limits
}

@test "policies have a history that can be compared and rolled back" {
  start_server
  write_policy one.json 1
  write_policy two.json 2
  export SUDO_USER=ann
  tdxvfs policy put data one.json > /dev/null
  say tdxvfs policy diff data
  say tdxvfs policy diff data two.json
  tdxvfs policy put data two.json > /dev/null
  say tdxvfs policy history data
  say tdxvfs policy diff data
  say tdxvfs policy diff data --from 2 --to 1 --json
  say tdxvfs policy rollback data 1
  say tdxvfs policy rollback data 7
  say tdxvfs policy diff data one.json
  say tdxvfs policy show data --number 2
  say tdxvfs policy show data --number 9
  say tdxvfs policy history data --json
  say tdxvfs policy history none
  matches history
}

@test "a backup is restored, encrypted or not, and nothing is overwritten" {
  start_server
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  for name in ann bob eve; do
    (umask 077 && openssl genpkey -algorithm X25519 -out "$name.key")
    openssl pkey -in "$name.key" -pubout -out "$name.pub"
  done
  keyserver=(tdxvfs-keyserver --config "$BATS_TEST_TMPDIR/server/keyserver.toml")
  say "${keyserver[@]}" backup plain
  say "${keyserver[@]}" backup plain
  say "${keyserver[@]}" backup sealed --recipient ann.pub --recipient bob.pub
  run ! grep -q "SQLite format" sealed
  say "${keyserver[@]}" backup none --recipient image
  tdxvfs key retire data 1 > /dev/null
  say "${keyserver[@]}" restore plain
  stop_server
  say "${keyserver[@]}" backup none
  mv server/store.db before.db
  say "${keyserver[@]}" restore sealed
  say "${keyserver[@]}" restore sealed --identity "$PWD/eve.key"
  head -c 20000 sealed > cut
  say "${keyserver[@]}" restore cut --identity "$PWD/bob.key"
  head -c 100 sealed > cut
  say "${keyserver[@]}" restore cut --identity "$PWD/bob.key"
  head -c 20000 plain > cut
  say "${keyserver[@]}" restore cut
  say "${keyserver[@]}" restore image
  cat plain image > longer
  say "${keyserver[@]}" restore longer
  cat sealed image > longer
  say "${keyserver[@]}" restore longer --identity "$PWD/bob.key"
  # What SQLite would play back into the restored store.
  echo rest > server/store.db-journal
  say "${keyserver[@]}" restore plain
  rm server/store.db-journal
  [[ ! -e server/store.db && ! -e server/store.db.partial && ! -e none ]]
  say "${keyserver[@]}" restore sealed --identity "$PWD/bob.key"
  cmp plain server/store.db
  serve_again
  say tdxvfs key list data
  matches backup
}

@test "the master key is rotated while the server runs" {
  start_server
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  keyserver=(tdxvfs-keyserver --config "$BATS_TEST_TMPDIR/server/keyserver.toml")
  "${keyserver[@]}" backup plain > /dev/null
  cp server/master.key first.key
  (umask 077 && head -c 32 /dev/urandom > other.key)
  say "${keyserver[@]}" rotate-master-key --key-file "$PWD/other.key"
  say "${keyserver[@]}" rotate-master-key
  cmp first.key server/master.key.previous
  run ! cmp -s first.key server/master.key
  [[ $(stat -c %a server/master.key) = 600 && ! -e server/master.key.next ]]
  say "${keyserver[@]}" rotate-master-key
  say tdxvfs key list data
  stop_server
  serve_again
  say tdxvfs key list data
  stop_server
  # An earlier backup needs the earlier key.
  rm server/store.db
  say "${keyserver[@]}" restore plain
  cp server/master.key.previous server/master.key
  say "${keyserver[@]}" restore plain
  matches rotation
}

@test "a rotation that was interrupted goes on" {
  start_server
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  keyserver=(tdxvfs-keyserver --config "$BATS_TEST_TMPDIR/server/keyserver.toml")
  # Killed before the server was asked.
  (umask 077 && head -c 32 /dev/urandom > server/master.key.next)
  cp server/master.key.next wanted.key
  # Killed after the earlier key was kept and before the new one took its place.
  ln server/master.key server/master.key.previous
  say "${keyserver[@]}" rotate-master-key
  cmp wanted.key server/master.key
  stop_server
  serve_again
  say tdxvfs key list data
  matches rotation_again
}

# in_store SQL: what somebody with the store's file, but not the key, can do.
in_store() {
  /usr/bin/python3 -c '
import sqlite3, sys
store = sqlite3.connect("server/store.db")
store.execute(sys.argv[1])
store.commit()' "$1"
}

@test "a damaged record is named and hides none of the others" {
  start_server
  write_policy one.json 1
  write_policy two.json 2
  for name in bad data; do
    rm -f image
    tdxvfs volume pack model image --register "$name" > /dev/null 2>&1
    tdxvfs policy put "$name" one.json > /dev/null
    tdxvfs policy put "$name" two.json > /dev/null
  done
  rm image
  tdxvfs volume pack model image --register bad > /dev/null 2>&1
  stop_server
  in_store "UPDATE versions SET state = x'00' WHERE volume = 'bad' AND version = 1"
  in_store "UPDATE policies SET policy = x'00' WHERE volume = 'bad' AND number = 1"
  serve_again
  say tdxvfs key list
  say tdxvfs key list bad --json
  say tdxvfs key list data
  say tdxvfs policy history bad
  say tdxvfs policy history bad --json
  say tdxvfs policy diff bad
  say tdxvfs policy diff data
  stop_server
  in_store "UPDATE policies SET policy = x'00' WHERE volume = 'bad' AND number = 2"
  serve_again
  say tdxvfs key list
  say tdxvfs key list --json
  matches damaged_records
}
