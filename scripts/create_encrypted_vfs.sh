#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For those who have create_encrypted_vfs.sh in their scripts: packs a directory
# into an encrypted volume with `tdxvfs volume pack`, or makes an empty one as the
# old scripts did, to be filled on the trusted side and sealed by
# `tdxvfs volume import`.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: create_encrypted_vfs.sh [VFS_PATH] [VFS_SIZE] --from DIR
                               (--register NAME | --key-file FILE)
                               [--manifest FILE] [--server ADDRESS]
       create_encrypted_vfs.sh [VFS_PATH] [VFS_SIZE] [--key-file FILE]

With --from: packs DIR into the new encrypted, read-only volume VFS_PATH
(/root/vfs). No root.
  --register NAME   the key server makes the passphrase and keeps it for NAME
  --key-file FILE   the passphrase, byte for byte, for working offline
  --manifest FILE   file to make for 'tdxvfs key put'
  --server ADDRESS  the key server, as for tdxvfs
VFS_SIZE is taken for compatibility; a packed volume is as large as its content.

Without --from: makes an empty volume of VFS_SIZE (1G), LUKS2 with ext4, for the
trusted side only: a host could change such a volume unnoticed. Needs root and
device mapper. The passphrase is the content of --key-file, else asked for. Copy
your files in, then seal it: tdxvfs volume import.
TEXT
}

refuse() {
  echo "create_encrypted_vfs.sh: error: $1" >&2
  [[ -z ${2:-} ]] || echo "create_encrypted_vfs.sh: hint: $2" >&2
  exit 2
}

warn() {
  echo "create_encrypted_vfs.sh: warning: $1" >&2
}

is_size() {
  [[ $1 =~ ^[0-9]+([KMGT](i?B)?)?$ ]]
}

positional=() from='' key_file='' registers='' pack=()
while (($#)); do
  case $1 in
    --help | -h)
      usage
      exit 0
      ;;
    --from)
      from=${2:?--from takes a directory}
      shift 2
      ;;
    --register | --key-file | --manifest | --server)
      pack+=("$1" "${2:?$1 takes a value}")
      if [[ $1 == --key-file ]]; then key_file=$2; else registers=$1; fi
      shift 2
      ;;
    -*) refuse "option '$1' is not known" "see --help" ;;
    *)
      positional+=("$1")
      shift
      ;;
  esac
done
((${#positional[@]} <= 2)) || refuse "too many arguments" \
  "VFS_PATH and VFS_SIZE; key files and loop devices are not arguments here"

vfs=${positional[0]:-/root/vfs}
size=${positional[1]:-}
if is_size "$vfs" && [[ $size == */* || -z $size && ${#positional[@]} -eq 1 ]]; then
  warn "took '$vfs' for VFS_SIZE, which comes second here: VFS_PATH VFS_SIZE"
  vfs=${positional[1]:-/root/vfs}
  size=${positional[0]}
fi
[[ -z $size ]] || is_size "$size" || refuse "'$size' is not a size such as 1G"

# What is undone when the making of an empty volume fails.
made='' mapping=''
undo() {
  [[ -z $mapping ]] || cryptsetup close "$mapping" || true
  [[ -z $made ]] || rm -f -- "$made"
}

# The kernel's word: the node below /dev may be there without it.
has_device_mapper() {
  grep -qw device-mapper /proc/misc ||
    { modprobe -q dm-crypt && grep -qw device-mapper /proc/misc; }
}

# The old scripts' cipher and file system; cryptsetup attaches a loop device by
# itself and takes it away again.
make_empty() {
  local key=()
  [[ -z $registers ]] || refuse "option '$registers' goes with --from" \
    "an empty volume is registered when it is sealed: tdxvfs volume import"
  if [[ -n $key_file ]]; then
    [[ -s $key_file ]] || refuse "key file '$key_file' is missing or empty" \
      "make one: (umask 077; openssl rand -hex -out FILE 32)"
    key=(--key-file "$key_file")
  elif [[ ! -t 0 ]]; then
    refuse "where shall the passphrase come from?" "--key-file FILE, or a terminal"
  fi
  [[ ! -e $vfs ]] || refuse "'$vfs' exists" "nothing is overwritten"
  [[ $EUID -eq 0 ]] || refuse "an empty volume needs root" "or pack a directory: --from DIR"
  has_device_mapper || refuse "an empty volume needs device mapper, which this machine lacks" \
    "pack a directory that is ready: --from DIR"

  trap undo EXIT
  (umask 077 && set -o noclobber && : > "$vfs") || refuse "'$vfs' cannot be made" "see the message above"
  made=$vfs
  truncate -s "${size:-1G}" -- "$vfs"
  cryptsetup luksFormat -q --type luks2 -s 512 -c aes-xts-plain64 "${key[@]:---verify-passphrase}" -- "$vfs"
  mapping=tdxvfs-create-$$
  cryptsetup open "${key[@]}" -- "$vfs" "$mapping"
  mkfs.ext4 -q "/dev/mapper/$mapping"
  cryptsetup close "$mapping"
  mapping='' made=''
  local named
  named=$(printf %q "$vfs")
  cat <<TEXT
'$vfs' is an empty volume. On this machine, which you trust, copy your files in:
  cryptsetup open ${key_file:+--key-file $(printf %q "$key_file") }$named vfs && mount /dev/mapper/vfs /mnt
  cp -a MODEL /mnt/ && umount /mnt && cryptsetup close vfs
then seal it for the cloud and register its key:
  tdxvfs volume import $named NEW_IMAGE --key-file $(printf %q "${key_file:-FILE}") --register NAME
TEXT
  [[ -n $key_file ]] || echo "(FILE: the passphrase, without a newline: printf %s ...)"
}

if [[ -z $from ]]; then
  make_empty
  exit 0
fi
if [[ " ${pack[*]:-} " != *" --register "* && " ${pack[*]:-} " != *" --key-file "* ]]; then
  refuse "where shall the passphrase come from?" "--register NAME, or --key-file FILE"
fi
[[ -z $size ]] || warn "VFS_SIZE is not needed: the volume is as large as its content"
exec tdxvfs volume pack "$from" "$vfs" "${pack[@]}"
