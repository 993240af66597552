#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For those who have mount_encrypted_vfs.sh in their scripts. In a guest, with
# APP_ID: the key server releases the key. On the trusted side, without: the
# passphrase is asked on the terminal.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: mount_encrypted_vfs.sh [VFS_PATH] [MOUNT_PATH] [APP_ID]

Opens the encrypted volume VFS_PATH (/root/vfs) and mounts it, read-only, at
MOUNT_PATH (/mnt/luks_fs).
  APP_ID  name of the volume: the key comes from the key server that
          /etc/tdxvfs/volumes.d/APP_ID.toml names. Without that file the script
          prints the line that makes it, with the server of RA_SERVICE_ADDRESS.
Without APP_ID the passphrase is asked for on the terminal; root only.
TEXT
}

refuse() {
  echo "mount_encrypted_vfs.sh: error: $1" >&2
  [[ -z ${2:-} ]] || echo "mount_encrypted_vfs.sh: hint: $2" >&2
  exit 2
}

warn() {
  echo "mount_encrypted_vfs.sh: warning: $1" >&2
}

quoted() {
  printf '%q ' "$@" | sed 's/ $//'
}

# Arguments of version 1.0: LOOP_DEVICE FS_DIR format|notformat [KEY_SERVICE],
# and of its relatives: LOOP_DEVICE format FS_DIR MOUNT_PATH.
translate_older_arguments() {
  if [[ $mount == format || $app == format ]]; then
    refuse "these are arguments of another version, and nothing is formatted here" \
      "make a volume: create_encrypted_vfs.sh VFS_PATH --from DIR --register NAME"
  fi
  if [[ $mount == notformat ]]; then
    mount=${4:-/mnt/${app:-model}}
    app=
  elif [[ $app == notformat || ($mount != /* && -b $vfs) ]]; then
    app=${4:+tdx}
    [[ $mount == /* ]] || mount=/mnt/$mount
  else
    return 0
  fi
  warn "took these for arguments of version 1.0; here it is: mount_encrypted_vfs.sh $(quoted "$vfs" "$mount" ${app:+"$app"})"
}

mount_by_key_server() {
  local config=/etc/tdxvfs/volumes.d/$app.toml
  if [[ ! $app =~ ^[a-z0-9][a-z0-9._-]{0,47}$ ]]; then
    refuse "'$app' is not a volume name" \
      "1 to 48 of a-z 0-9 . _ - that start with a letter or digit"
  fi
  if [[ ! -e $config ]]; then
    echo "mount_encrypted_vfs.sh: error: '$config' does not exist; this makes it:" >&2
    echo "tdxvfs-agent config $(quoted "$app" --image "$vfs" --mount "$mount" --server "${RA_SERVICE_ADDRESS:-keys.example.com:8443}" --ca /etc/tdxvfs/ca.pem)" >&2
    exit 2
  fi
  PATH=$PATH:/usr/sbin:/sbin exec mount.tdxvfs "$vfs" "$mount" -o "volume=$app"
}

mount_by_passphrase() {
  local mapper=vfs${mount//\//-}
  [[ -t 0 ]] || refuse "the passphrase is asked for on a terminal, and there is none" \
    "in a guest give APP_ID, so that the key comes from the key server"
  mkdir -p -- "$mount"
  cryptsetup open --readonly --type luks "$vfs" "$mapper"
  trap 'cryptsetup close "$mapper"' EXIT
  mount -o ro,nodev,nosuid,noexec "/dev/mapper/$mapper" "$mount"
  trap - EXIT
  echo "mounted $vfs at $mount by /dev/mapper/$mapper"
  echo "unmount it: unmount_encrypted_vfs.sh $(quoted "$mount")"
}

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  usage
  exit 0
fi
(($# <= 4)) || refuse "too many arguments" "see --help"
vfs=${1:-/root/vfs}
mount=${2:-/mnt/luks_fs}
app=${3:-}
older=$vfs:$mount:$app
translate_older_arguments "$@"
if (($# == 4)) && [[ $older == "$vfs:$mount:$app" ]]; then
  refuse "too many arguments" "see --help"
fi
[[ $mount == /* ]] || refuse "MOUNT_PATH '$mount' is not an absolute path"
[[ -e $vfs ]] || refuse "'$vfs' does not exist"
vfs=$(realpath -- "$vfs")

if [[ -n $app ]]; then
  mount_by_key_server
else
  mount_by_passphrase
fi
