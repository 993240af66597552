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
  say create_encrypted_vfs.sh < /dev/null
  say create_encrypted_vfs.sh "$PWD/vfs" 1G < /dev/null
  say create_encrypted_vfs.sh "$PWD/vfs" 1G --key-file nokey
  say create_encrypted_vfs.sh "$PWD/vfs" 1G --register n
  touch there key
  echo x > key
  say create_encrypted_vfs.sh "$PWD/there" 1G --key-file key
  say create_encrypted_vfs.sh /tmp/vfs --from model
  say create_encrypted_vfs.sh /tmp/vfs plenty --from model --register n
  say create_encrypted_vfs.sh /tmp/vfs 1G key mapper --from model
  say create_encrypted_vfs.sh /tmp/vfs --frob
  matches scripts_create_refused
}

@test "an empty volume is refused where it cannot be made" {
  ! grep -qw device-mapper /proc/misc && [[ $EUID -eq 0 ]] || skip "this machine could make one"
  echo x > key
  say create_encrypted_vfs.sh "$PWD/vfs" 1G --key-file key
  say ls
  matches scripts_create_empty
}

# stand_in NAME: a program of this name that runs what standard input says.
stand_in() {
  mkdir -p instead
  { echo '#!/bin/bash'; cat; } > "instead/$1"
  chmod +x "instead/$1"
}

# With stand-ins for what needs device mapper; the header is cryptsetup's own.
# The real thing needs a kernel that has it.
@test "an empty volume has a header that import takes, and a failure leaves none" {
  [[ $EUID -eq 0 ]] || skip "needs root"
  stand_in grep <<< 'exit 0'
  stand_in mkfs.ext4 <<< 'echo "mkfs.ext4: cannot" >&2; exit 1'
  stand_in cryptsetup <<TEXT
[[ \$1 == luksFormat ]] && exec $(command -v cryptsetup || echo /usr/sbin/cryptsetup) luksFormat --pbkdf-force-iterations 4 "\${@:2}"
echo "\$1" >> $PWD/asked
TEXT
  printf 'correct horse' > key
  PATH=$PWD/instead:$PATH say create_encrypted_vfs.sh "$PWD/vfs" 20M --key-file key
  [[ ! -e vfs ]]
  [[ $(< asked) == $'open\nclose' ]]
  stand_in mkfs.ext4 <<< 'exit 0'
  PATH=$PWD/instead:$PATH say create_encrypted_vfs.sh "$PWD/vfs" 20M --key-file key
  [[ $(stat -c '%a %s' vfs) == "600 20971520" ]]
  [[ $(tdxvfs volume inspect vfs --json | jq -r .profile) == imported-1 ]]
  cryptsetup open --test-passphrase --key-file key vfs
  matches scripts_create_made
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
