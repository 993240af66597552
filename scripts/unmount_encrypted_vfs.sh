#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For those who have unmount_encrypted_vfs.sh in their scripts: unmounts and
# closes a volume, however it was opened, and says so when it cannot.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: unmount_encrypted_vfs.sh MOUNT_PATH [MAPPER_PATH] [LOOP_DEVICE]

Unmounts MOUNT_PATH and closes what is below it. MAPPER_PATH and LOOP_DEVICE
are found without help; given, they are closed too if they are still there.
Doing it twice is no error.
TEXT
}

refuse() {
  echo "unmount_encrypted_vfs.sh: error: $1" >&2
  [[ -z ${2:-} ]] || echo "unmount_encrypted_vfs.sh: hint: $2" >&2
  exit 2
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  usage
  exit 0
fi
(($# >= 1 && $# <= 3)) || refuse "MOUNT_PATH is missing, or there are too many arguments" "see --help"
mount=$1 mapper=${2:-} loop=${3:-}
if [[ $mount != /* || -f $mount ]]; then
  refuse "'$mount' is not a mount point" \
    "version 1.0 took VFS_PATH and FS_DIR; here it is: unmount_encrypted_vfs.sh /mnt/FS_DIR"
fi
mount=$(realpath -m -- "$mount")
[[ -n $mapper ]] || mapper=/dev/mapper/vfs${mount//\//-}

if source=$(findmnt --noheadings --first-only --output SOURCE --mountpoint "$mount"); then
  case $source in
    /dev/mapper/tdxvfs-crypt-* | /dev/mapper/tdxvfs-verity-*)
      PATH=$PATH:/usr/sbin:/sbin exec tdxvfs-agent lock "${source#/dev/mapper/tdxvfs-*-}"
      ;;
    /dev/mapper/*) mapper=$source ;;
    *) refuse "'$mount' is a mount of '$source', not of an encrypted volume" ;;
  esac
  umount -- "$mount"
fi
# A mapping that was opened but not mounted, or is left from an earlier try.
if [[ -b $mapper ]]; then
  cryptsetup close "${mapper#/dev/mapper/}"
fi
if [[ -n $loop ]] && losetup "$loop" > /dev/null 2>&1; then
  losetup --detach "$loop"
fi
