#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Packing and inspecting without a key server, and what bad input gets.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  begin_transcript
  mkdir model
  echo weights > model/weights
  printf 'correct horse' > key
  chmod 600 key
}

teardown() {
  if [[ -n ${small_disk:-} ]]; then
    umount "$small_disk"
  fi
}

@test "a directory becomes an image and its manifest" {
  say tdxvfs volume pack model image --key-file key --manifest manifest
  say tdxvfs volume inspect image
  say tdxvfs volume inspect image --json
  say tdxvfs volume pack model other --key-file key --json
  say cat manifest
  matches pack
}

@test "the packed image opens with exactly the bytes of the key file" {
  printf 'newline at the end\n' > key
  tdxvfs volume pack model image --key-file key
  cryptsetup luksOpen --test-passphrase --key-file key image
  printf 'newline at the end' > trimmed
  run ! cryptsetup luksOpen --test-passphrase --key-file trimmed image
}

@test "a tar stream has the root hash of its directory" {
  tdxvfs volume pack model image --key-file key --json > direct
  tar --sort=name --format=pax --numeric-owner -C model -cf - . |
    tdxvfs volume pack - streamed --key-file key --json > streamed.json
  [[ $(jq -r .verity_root_hash direct) == "$(jq -r .verity_root_hash streamed.json)" ]]
  tdxvfs volume pack model salted --key-file key --salt random --json > salted.json
  [[ $(jq -r .verity_root_hash direct) != "$(jq -r .verity_root_hash salted.json)" ]]
}

@test "a manifest is signed, by a key that fits" {
  openssl genpkey -algorithm ed25519 -out signer
  openssl pkey -in signer -pubout -out signer.pub
  tdxvfs volume pack model image --key-file key --manifest manifest --sign signer
  openssl pkeyutl -verify -rawin -pubin -inkey signer.pub -in manifest \
    -sigfile manifest.sig
  (umask 077 && tdxvfs volume pack model masked --key-file key --manifest masked.json --sign signer)
  [[ $(stat -c %a masked.json masked.json.sig | sort -u) == 644 ]] # whatever the umask
  rm masked*
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec
  say tdxvfs volume pack model new --key-file key --sign signer
  say tdxvfs volume pack model new --key-file key --manifest new.json --sign ec
  say tdxvfs volume pack model new --key-file key --manifest new.json --sign gone
  touch new.json.sig
  say tdxvfs volume pack model new --key-file key --manifest new.json --sign signer
  say ls
  say tdxvfs volume pack model new --key-file key --manifest none/new.json
  say tdxvfs volume pack model new --key-file key --manifest manifest/new.json
  say tdxvfs volume pack model new --key-file key --manifest ./new
  say tdxvfs volume pack model new.sig --key-file key --manifest new --sign signer
  rm new.json.sig && mkdir new.json.sig
  say tdxvfs volume pack model new --key-file key --manifest new.json --sign signer
  say ls
  matches sign
}

@test "a tar stream that does not fit is refused by the member's name" {
  mkdir odd
  mkfifo odd/fifo
  ln -s /etc/passwd odd/link
  tar -C odd -cf good.tar .
  tdxvfs volume pack - image --key-file key < good.tar
  head -c 1000 good.tar > cut.tar
  say tdxvfs volume pack - new --key-file key < cut.tar
  tar -P -C odd --transform 's,^./,../,' -cf dots.tar ./link
  say tdxvfs volume pack - new --key-file key < dots.tar
  tar -C odd -cf twice.tar ./link ./link --hard-dereference
  say tdxvfs volume pack - new --key-file key < twice.tar
  say tdxvfs volume pack - new --key-file key < /dev/null
  say tdxvfs volume pack - new --key-file - < good.tar
  say tdxvfs volume pack - new --key-file key --file-system ext4 < good.tar
  say tdxvfs volume pack model new --key-file key --file-system ntfs
  [[ ! -e new ]]
  matches tar_stream
}

@test "nothing is overwritten and nothing is made up" {
  echo mine > image
  say tdxvfs volume pack model image --key-file key
  say cat image
  echo mine > manifest
  say tdxvfs volume pack model new --key-file key --manifest manifest
  say cat manifest
  say tdxvfs volume pack model new --key-file nokey
  : > empty
  say tdxvfs volume pack model new --key-file empty
  head -c 513 /dev/zero > long
  say tdxvfs volume pack model new --key-file long
  say tdxvfs volume pack nomodel new --key-file key
  say tdxvfs volume pack key new --key-file key
  say tdxvfs volume pack model nofolder/new --key-file key
  say ls
  matches nothing_overwritten
}

@test "a key file that others can read is remarked on" {
  chmod 644 key
  say tdxvfs volume pack model image --key-file key
  matches open_key_file
}

@test "a full disk leaves no part of an image behind" {
  mkdir small
  mount -t tmpfs -o size=3m none small || skip "this user may not mount a tmpfs"
  small_disk=small
  head -c 4000000 /dev/urandom > model/large
  say tdxvfs volume pack model small/image --key-file key
  say ls -A small
  tdxvfs volume pack model image --key-file key --manifest manifest > /dev/null
  say tdxvfs volume repack image small/new --manifest manifest --key-file key --new-key-file key
  head -c 4000000 /dev/zero > small/full || true
  say tdxvfs volume pack model new --key-file key --manifest small/manifest
  say ls -A small
  [[ ! -e new ]]
  matches full_disk
}

@test "a read-only disk is no matter of permission" {
  mkdir small
  mount -t tmpfs -o ro none small || skip "this user may not mount a tmpfs"
  small_disk=small
  say tdxvfs volume pack model small/image --key-file key
  matches read_only_disk
}

@test "each thing that is no image has its own reason" {
  say tdxvfs volume inspect missing
  say tdxvfs volume inspect model
  say tdxvfs volume inspect /dev/null
  mkfifo fifo
  say tdxvfs volume inspect fifo
  head -c 100000 /dev/zero > zeroes
  say tdxvfs volume inspect zeroes
  : > empty
  say tdxvfs volume inspect empty
  tdxvfs volume pack model image --key-file key > /dev/null
  for size in 511 4096 20000 40000 1048575; do
    head -c "$size" image > "cut-$size"
    say tdxvfs volume inspect "cut-$size"
  done
  say tdxvfs volume inspect zeroes --json
  matches no_image
}

@test "of a header that could not be read nothing is made up" {
  truncate -s 40M wide
  cryptsetup luksFormat --type luks2 -q --pbkdf pbkdf2 \
    --pbkdf-force-iterations 1000 --luks2-metadata-size 64k --offset 65536 \
    --luks2-keyslots-size 256k \
    --key-file key wide
  say tdxvfs volume inspect wide
  say tdxvfs volume inspect wide --json
  matches unread_header
}

@test "an image that may not be read is named" {
  [[ $EUID -eq 0 ]] || skip "needs root to become another user"
  tdxvfs volume pack model image --key-file key > /dev/null
  chmod 755 . && chmod 600 image
  # A copy: the folders above the program may be closed to the other user.
  cp "$(command -v tdxvfs)" program
  say setpriv --reuid=65534 --regid=65534 --clear-groups \
    ./program volume inspect image 2> /dev/null
  grep -q 'image-unreadable\|Permission denied' transcript
}
