#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For those who have create_encrypted_vfs.sh in their scripts: packs a directory
# into an encrypted volume with `tdxvfs volume pack`.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: create_encrypted_vfs.sh [VFS_PATH] [VFS_SIZE] --from DIR
                               (--register NAME | --key-file FILE)
                               [--manifest FILE] [--server ADDRESS]

Packs DIR into the new encrypted, read-only volume VFS_PATH (/root/vfs).
  --register NAME   the key server makes the passphrase and keeps it for NAME
  --key-file FILE   the passphrase, byte for byte, for working offline
  --manifest FILE   file to make for 'tdxvfs key put'
  --server ADDRESS  the key server, as for tdxvfs
VFS_SIZE is taken for compatibility; a packed volume is as large as its content.
An empty writable volume (no --from) needs writable volumes: exit 2.
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

positional=() from='' pack=()
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

if [[ -z $from ]]; then
  refuse "an empty writable volume needs writable volumes" \
    "pack a directory that is ready: create_encrypted_vfs.sh $(printf %q "$vfs") --from DIR --register NAME"
fi
if [[ " ${pack[*]:-} " != *" --register "* && " ${pack[*]:-} " != *" --key-file "* ]]; then
  refuse "where shall the passphrase come from?" "--register NAME, or --key-file FILE"
fi
[[ -z $size ]] || warn "VFS_SIZE is not needed: the volume is as large as its content"
exec tdxvfs volume pack "$from" "$vfs" "${pack[@]}"
