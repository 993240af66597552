#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The scripts for those who have the encrypted-VFS scripts in theirs: arguments
# of every dialect, and packing. Opening needs device mapper: tests/vm.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  begin_transcript
  PATH=$BATS_TEST_DIRNAME/../../scripts:$PATH
  unset RA_SERVICE_ADDRESS
}

@test "they explain themselves" {
  for script in create mount unmount; do
    say "${script}_encrypted_vfs.sh" --help
  done
  matches scripts_help
}

@test "create packs a directory" {
  mkdir model
  echo weights > model/weights
  (umask 077 && printf 'correct horse' > key)
  say create_encrypted_vfs.sh "$PWD/vfs" 1G --from model --key-file key
  say create_encrypted_vfs.sh 30G "$PWD/swapped" --from model --key-file key
  tdxvfs volume inspect vfs
  tdxvfs volume inspect swapped
  say create_encrypted_vfs.sh "$PWD/vfs" --from model --key-file key
  matches scripts_create
}

@test "create refuses what it does not do" {
  say create_encrypted_vfs.sh
  say create_encrypted_vfs.sh /tmp/vfs 1G
  say create_encrypted_vfs.sh /tmp/vfs --from model
  say create_encrypted_vfs.sh /tmp/vfs plenty --from model --register n
  say create_encrypted_vfs.sh /tmp/vfs 1G key mapper --from model
  say create_encrypted_vfs.sh /tmp/vfs --frob
  matches scripts_create_refused
}

@test "mount without a configuration prints the line that makes it" {
  touch vfs
  say mount_encrypted_vfs.sh "$PWD/vfs" /mnt/luks_fs resnet
  RA_SERVICE_ADDRESS=keys.test:50051 say mount_encrypted_vfs.sh "$PWD/vfs" /mnt/luks_fs resnet
  say mount_encrypted_vfs.sh "$PWD/vfs" /mnt/luks_fs 'a;reboot'
  say mount_encrypted_vfs.sh "$PWD/vfs" luks_fs notformat key-service
  matches scripts_mount_config
}

@test "mount refuses what it does not do" {
  touch vfs
  say mount_encrypted_vfs.sh "$PWD/none"
  say mount_encrypted_vfs.sh "$PWD/vfs" /mnt/luks_fs < /dev/null
  say mount_encrypted_vfs.sh "$PWD/vfs" luks_fs format
  say mount_encrypted_vfs.sh "$PWD/vfs" format model /mnt/model
  say mount_encrypted_vfs.sh a /b c d e
  say mount_encrypted_vfs.sh "$PWD/vfs" relative
  matches scripts_mount_refused
}

@test "unmount is content with nothing and refuses foreign mounts" {
  touch vfs
  say unmount_encrypted_vfs.sh "$PWD"
  say unmount_encrypted_vfs.sh
  say unmount_encrypted_vfs.sh model
  say unmount_encrypted_vfs.sh "$PWD/vfs" luks_fs
  say unmount_encrypted_vfs.sh /proc
  matches scripts_unmount
}
