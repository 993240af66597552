#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What tdxvfs says of itself, and to lines that it does not understand.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  begin_transcript
}

@test "every group and command explains itself on standard output" {
  say tdxvfs --help
  for group in quote collateral volume key policy audit; do
    say tdxvfs "$group" --help
  done
  matches help
}

@test "usage errors are one line, a hint and exit code 2" {
  say tdxvfs
  say tdxvfs frob
  say tdxvfs key
  say tdxvfs key frob
  say tdxvfs key retire data
  say tdxvfs key retire data one
  say tdxvfs key retire data -1
  say tdxvfs audit list --limit 0
  say tdxvfs audit list --limit 5000
  say tdxvfs audit list --reason frob
  say tdxvfs quote inspect
  say tdxvfs quote inspect a b
  say tdxvfs quote verify a --frob
  say tdxvfs quote verify a --collateral none --at yesterday
  say tdxvfs volume pack a
  say tdxvfs volume pack a b
  say tdxvfs volume pack a b --register n --key-file k
  say tdxvfs key import n --passphrase-file p
  say tdxvfs key import n --passphrase-file p --image i --manifest m
  say tdxvfs key import n --passphrase-file p --image i --file-system ntfs
  say tdxvfs key frob --json
  matches usage
}

@test "the version is the only thing that --version prints" {
  [[ $(tdxvfs --version) =~ ^tdxvfs\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "results that do not reach their reader are a failure" {
  say bash -c "tdxvfs --help > /dev/full"
  matches full_output
}
