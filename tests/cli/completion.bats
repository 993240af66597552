#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bash's completion of our programs.

setup() {
  PATH=${TDXVFS_PROGRAMS_DIR:?the folder of the programs to test}:$PATH
  # shellcheck source=packaging/completion/tdxvfs.bash
  source "$BATS_TEST_DIRNAME/../../packaging/completion/tdxvfs.bash"
}

# offers WORD...: what is offered for the last word, sorted on one line.
offers() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _tdxvfs "$1"
  printf '%s\n' "${COMPREPLY[@]}" | sort -u | xargs
}

@test "groups and commands are offered" {
  [[ $(offers tdxvfs "") == "audit collateral fleet key policy quote volume" ]]
  [[ $(offers tdxvfs k) == "key" ]]
  [[ $(offers tdxvfs key "") == "delete disable enable import limit list put retire undelete" ]]
  [[ $(offers tdxvfs-keyserver i) == "init" ]]
}

@test "options of the command at hand are offered, behind its arguments too" {
  [[ $(offers tdxvfs volume pack dir/ name --reg) == "--register" ]]
  [[ $(offers tdxvfs quote verify --col) == "--collateral" ]]
}

@test "nothing is offered for an argument, which leaves it to the names of files" {
  [[ -z $(offers tdxvfs quote inspect "") ]]
}
