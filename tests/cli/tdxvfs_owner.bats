#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the owner of a volume does with it, without root and device mapper:
# verify, extract, diff, repack, import.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  begin_transcript
  mkdir -p model/1
  echo weights > model/1/weights
  ln -s 1/weights model/latest
  (umask 077 && printf 'correct horse' > key && printf 'new horse' > newkey)
  export SOURCE_DATE_EPOCH=1700000000
  tdxvfs volume pack model image --key-file key --manifest manifest > pack.said
}

# flip FILE BYTE: one bit.
flip() {
  local byte
  byte=$(xxd -s "$2" -l 1 -p "$1")
  printf '%02x' $((16#$byte ^ 1)) | xxd -r -p | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "verify reads every byte and names the bad block" {
  say tdxvfs volume verify image --manifest manifest --key-file key
  say tdxvfs volume verify image --manifest manifest --key-file key --json
  flip image 1048600
  say tdxvfs volume verify image --manifest manifest --key-file key
  say tdxvfs volume verify image --manifest manifest --key-file key --json
  say tdxvfs volume extract image out --manifest manifest --key-file key
  say ls
  matches owner_verify
}

@test "without the key verify says what it did not check" {
  say tdxvfs volume verify image --manifest manifest
  say tdxvfs volume verify image --manifest manifest --header-only
  say tdxvfs volume verify image --manifest manifest --header-only --json
  flip image 5000
  say tdxvfs volume verify image --manifest manifest --header-only
  truncate -s 1048576 image
  say tdxvfs volume verify image --manifest manifest --header-only
  matches owner_header_only
}

@test "the wrong key, manifest or file is named" {
  say tdxvfs volume verify image --manifest manifest --key-file newkey
  say tdxvfs volume verify image --manifest manifest --key-file nokey
  say tdxvfs volume verify image --manifest none --key-file key
  say tdxvfs volume verify none --manifest manifest --key-file key
  say tdxvfs volume verify key --manifest manifest --key-file key
  tdxvfs volume pack model other --key-file key --manifest foreign > /dev/null
  say tdxvfs volume verify image --manifest foreign --key-file key
  say tdxvfs volume extract image out --manifest manifest
  matches owner_refused
}

# claim FILTER [OPTION...]: what verify says of the manifest as jq changes it.
claim() {
  jq -c "$1" manifest > edited
  say tdxvfs volume verify image --manifest edited "${@:2}"
}

@test "a manifest of something else than the image is refused" {
  claim '.file_system = "squashfs"' --key-file key
  claim '.file_system = "ext4" | .mount_options += ["noload"]' --key-file key --json
  claim '.file_system = "xfs"' --header-only
  claim '.mount_options = []' --header-only
  claim '.mount_options = ["ro", "rw"]' --key-file key
  claim '.mount_options += ["noload"]' --key-file key
  claim '.mount_options += ["ro"]' --header-only
  claim '.file_system = "ext4"' --header-only
  claim '.mount_options += ["noatime"]' --header-only
  claim '.uuid = "00000000-0000-4000-8000-000000000000"' --header-only
  claim '.header_size -= 4096 | .data_size += 4096' --header-only
  claim '.data_size += 4096 | .image_size += 4096' --header-only
  claim '.header_profile = "imported-1"' --header-only
  claim 'del(.verity)' --header-only
  claim '.verity.data_blocks -= 1' --header-only
  claim '.verity.salt = "00"' --key-file key
  matches owner_claims
}

@test "a wrong file system in a manifest is not repacked, signed or not" {
  openssl genpkey -algorithm ed25519 -out sign.pem
  openssl pkey -in sign.pem -pubout -out verify.pem
  jq -c '.file_system = "squashfs"' manifest > edited
  openssl pkeyutl -sign -rawin -inkey sign.pem -in edited -out edited.sig
  say tdxvfs volume verify image --manifest edited --key-file key --verify-key verify.pem
  say tdxvfs volume repack image new --manifest edited --key-file key --new-key-file newkey
  say tdxvfs volume extract image out --manifest edited --key-file key
  [[ ! -e new && ! -e out ]]
  flip image 1048600 # the first block, which tells
  say tdxvfs volume verify image --manifest manifest --key-file key --json
  matches owner_claims_signed
}

@test "a signed manifest is checked before it is believed" {
  openssl genpkey -algorithm ed25519 -out sign.pem
  openssl pkey -in sign.pem -pubout -out verify.pem
  openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out other.pem
  say tdxvfs volume verify image --manifest manifest --key-file key --verify-key verify.pem
  openssl pkeyutl -sign -rawin -inkey sign.pem -in manifest -out manifest.sig
  say tdxvfs volume verify image --manifest manifest --key-file key --verify-key verify.pem
  say tdxvfs volume verify image --manifest manifest --key-file key --verify-key other.pem
  echo >> manifest
  say tdxvfs volume verify image --manifest manifest --key-file key --verify-key verify.pem
  matches owner_signed
}

@test "extract gives back what was packed and replaces nothing" {
  say tdxvfs volume extract image out --manifest manifest --key-file key
  diff -r --no-dereference model out
  say tdxvfs volume extract image out --manifest manifest --key-file key
  say tdxvfs volume extract image out2 --manifest manifest --key-file key --json
  matches owner_extract
}

# extract_and_diff KIND AT: a volume of another file system, then with a byte of it flipped
extract_and_diff() {
  tdxvfs volume pack model second --key-file newkey --manifest manifest2 --file-system "$1" > /dev/null
  say tdxvfs volume extract second out --manifest manifest2 --key-file newkey
  diff -r --no-dereference model out
  say tdxvfs volume diff image second --manifest manifest --manifest manifest2 --key-file key --key-file newkey
  flip second $((1048576 + $2))
  say tdxvfs volume extract second out2 --manifest manifest2 --key-file newkey
  [[ -z $(find . -maxdepth 1 -name '*out2*') ]]
}

@test "extract and diff read ext4, too" {
  extract_and_diff ext4 1080
  matches owner_ext4
}

@test "extract and diff read squashfs, too" {
  extract_and_diff squashfs 96
  matches owner_squashfs
}

@test "repack makes a new version of the same contents" {
  say tdxvfs volume repack image new --manifest manifest --key-file key --new-key-file newkey --new-manifest newmanifest
  tdxvfs volume verify new --manifest newmanifest --key-file newkey
  run ! tdxvfs volume verify new --manifest newmanifest --key-file key
  say tdxvfs volume diff image new --manifest manifest --manifest newmanifest --key-file key --key-file newkey
  [[ $(jq -c .verity manifest) == $(jq -c .verity newmanifest) ]]
  tdxvfs volume repack image salted --manifest manifest --key-file key --new-key-file newkey --new-manifest saltedmanifest --salt random > /dev/null
  [[ $(jq -r .verity.root_hash manifest) != $(jq -r .verity.root_hash saltedmanifest) ]]
  tdxvfs volume verify salted --manifest saltedmanifest --key-file newkey
  openssl genpkey -algorithm ed25519 -out sign.pem
  openssl pkey -in sign.pem -pubout -out verify.pem
  tdxvfs volume repack image signed --manifest manifest --key-file key --new-key-file newkey --new-manifest signedmanifest --sign sign.pem > /dev/null
  tdxvfs volume verify signed --manifest signedmanifest --key-file newkey --verify-key verify.pem
  say tdxvfs volume repack image new2 --manifest manifest --key-file key --new-key-file newkey --sign sign.pem
  say tdxvfs volume repack image new2 --manifest manifest --key-file key
  say tdxvfs volume repack image new --manifest manifest --key-file key --new-key-file newkey
  say tdxvfs volume repack image new2 --manifest manifest --key-file key --new-key-file newkey --salt pepper
  matches owner_repack
}

@test "diff tells added, removed and changed files" {
  echo other > model/1/weights
  echo more > model/more
  rm model/latest
  tdxvfs volume pack model second --key-file newkey --manifest manifest2 > /dev/null
  say tdxvfs volume diff image second --manifest manifest --manifest manifest2 --key-file key --key-file newkey
  say tdxvfs volume diff image second --manifest manifest --manifest manifest2 --key-file key --key-file newkey --json
  say tdxvfs volume diff image second --manifest manifest --key-file key
  matches owner_diff
}

# old TYPE: a volume as the old scripts made it, with the model inside.
old() {
  truncate -s 2M clear
  mke2fs -q -F -t ext4 -d model clear 2> /dev/null
  printf 'old horse' > oldkey
  chmod 600 oldkey
  openssl rand -hex 32 | tr -d '\n' > longkey
  chmod 600 longkey
  "$BATS_TEST_DIRNAME/foreign_volume.py" clear old oldkey "$1"
  rm clear
}

@test "import seals a volume of the old scripts" {
  old luks2
  cp old before
  say tdxvfs volume import old new --key-file oldkey --new-key-file newkey --manifest newmanifest
  cmp old before
  say tdxvfs volume verify new --manifest newmanifest --key-file newkey
  say tdxvfs volume diff image new --manifest manifest --manifest newmanifest --key-file key --key-file newkey
  [[ $(stat -c %a old.header) == 600 ]]
  cmp -n "$(stat -c %s old.header)" old old.header
  matches import_convert
}

@test "import takes LUKS1 and signs" {
  old luks1
  openssl genpkey -algorithm ed25519 -out sign.pem
  openssl pkey -in sign.pem -pubout -out verify.pem
  tdxvfs volume import --convert old new --key-file oldkey --new-key-file newkey --manifest newmanifest --sign sign.pem --header-backup backup
  tdxvfs volume verify new --manifest newmanifest --key-file newkey --verify-key verify.pem
  [[ $(jq -c .verity manifest) == $(jq -c .verity newmanifest) ]]
  say tdxvfs volume import old --in-place --key-file oldkey --new-key-file longkey
  say ls
  matches import_luks1
}

@test "import in place leaves one slot and says what does not hold" {
  old luks2
  cp old before
  say tdxvfs volume import old --in-place --key-file oldkey --new-key-file newkey
  cmp old before
  say tdxvfs volume import old --in-place --key-file oldkey --new-key-file longkey --manifest newmanifest
  run ! cryptsetup open --test-passphrase --key-file oldkey old
  cryptsetup open --test-passphrase --key-file longkey old
  say tdxvfs volume inspect old
  say cat newmanifest
  say tdxvfs volume verify old --manifest newmanifest --key-file longkey
  cryptsetup luksHeaderRestore -q --header-backup-file old.header old
  cmp old before
  matches import_in_place
}

@test "import refuses what it cannot take and leaves nothing" {
  old luks2
  say tdxvfs volume import old --key-file oldkey --new-key-file newkey
  say tdxvfs volume import old new --key-file oldkey
  say tdxvfs volume import old new --in-place --key-file oldkey --new-key-file longkey
  say tdxvfs volume import old new --key-file newkey --new-key-file newkey
  say tdxvfs volume import image new --key-file key --new-key-file newkey
  say tdxvfs volume import image --in-place --key-file key --new-key-file longkey --file-system erofs
  say tdxvfs volume import old --in-place --key-file oldkey --new-key-file longkey --file-system squashfs
  say tdxvfs volume import old new --key-file oldkey --new-key-file newkey --file-system ext4
  touch old.header
  say tdxvfs volume import old new --key-file oldkey --new-key-file newkey
  rm old.header
  truncate -s 17M old
  say tdxvfs volume import old new --key-file oldkey --new-key-file newkey
  say ls
  matches import_refused
}

@test "D5: import gives up no hash tree for a header that says the same in other bytes" {
  (umask 077; openssl rand -hex -out longkey 32)
  cp image changed
  cryptsetup config changed --label mine
  cp changed before
  say tdxvfs volume import changed new --key-file key --new-key-file newkey
  say tdxvfs volume import changed --in-place --key-file key --new-key-file longkey --file-system erofs
  cmp changed before
  [[ ! -e new && ! -e changed.header ]]
  matches import_changed
}

# import VOLUME: what is said of it.
import() {
  say tdxvfs volume import "$1" new --key-file oldkey --new-key-file newkey
  [[ ! -e new && ! -e $1.header ]]
}

# header_of FORMAT_OPTION...: an empty volume of cryptsetup's.
header_of() {
  rm -f volume
  truncate -s 20M volume
  cryptsetup luksFormat -q --key-file oldkey --pbkdf-force-iterations 1000 "$@" volume
}

# header_that JQ_FILTER: a volume as a newer or other cryptsetup makes it.
header_that() {
  cp old volume
  "$BATS_TEST_DIRNAME/edit_header.py" volume "$1"
}

@test "import says what a volume of another kind is and what to do" {
  old luks2
  header_of --type luks2 --pbkdf pbkdf2 -c aes-cbc-essiv:sha256 -s 256
  import volume
  header_of --type luks1 -c aes-cbc-essiv:sha256 -s 256
  import volume
  header_of --type luks1 --hash ripemd160
  import volume
  printf 'LUKS\xde\xad' | dd of=volume conv=notrunc status=none
  import volume
  truncate -s 16M detached
  header_of --type luks2 --pbkdf pbkdf2 --header detached
  import detached
  import volume
  cp old volume
  cryptsetup reencrypt -q --init-only --key-file oldkey --pbkdf pbkdf2 --pbkdf-force-iterations 1000 volume
  import volume
  say tdxvfs volume import volume --in-place --key-file oldkey --new-key-file longkey
  header_that '.segments["0"].integrity = {"type": "hmac(sha256)", "journal_encryption": "none", "journal_integrity": "none"} | .keyslots["0"].key_size = 96'
  import volume
  header_that '.segments["0"] |= (.encryption = "aes-gcm-random" | .integrity = {"type": "aead", "journal_encryption": "none", "journal_integrity": "none"}) | .keyslots["0"].key_size = 32'
  import volume
  header_that '.segments["0"] |= (.type = "hw-opal-crypt" | .opal_segment_number = 1 | .opal_key_size = 32) | .config.requirements.mandatory = ["opal"]'
  import volume
  header_that '.config.requirements.mandatory = ["inline-hw-tags"]'
  import volume
  header_that '.segments["0"].type = "linear"'
  import volume
  header_that '.segments["0"].size = "1048576"'
  import volume
  matches import_kinds
}

# holding AT BYTES: a volume whose payload begins with nothing but a mark.
holding() {
  truncate -s 0 clear
  truncate -s 128K clear
  printf "$2" | dd of=clear bs=1 seek="$1" conv=notrunc status=none
  rm -f volume
  "$BATS_TEST_DIRNAME/foreign_volume.py" clear volume oldkey luks2
  import volume
}

@test "import says what a volume holds that it cannot read and what to do" {
  old luks2
  holding 0 XFSB
  holding 65600 _BHRfS_M
  holding 54 'FAT16   \0\0\0'
  holding 82 'FAT32   '
  holding 3 'NTFS    '
  holding 536 'LVM2 001'
  holding 0 'LUKS\xba\xbe'
  holding 4086 SWAPSPACE2
  holding 512 'EFI PART'
  holding 510 '\x55\xaa'
  holding 0 ''
  say tdxvfs volume import volume --in-place --key-file oldkey --new-key-file longkey
  say tdxvfs volume import volume --in-place --key-file oldkey --new-key-file longkey --file-system btrfs
  say tdxvfs volume import old --in-place --key-file oldkey --new-key-file longkey --file-system erofs
  [[ ! -e old.header && ! -e volume.header ]]
  matches import_payloads
}

@test "import takes any of several passphrases, tokens and labels" {
  old luks2
  cryptsetup luksAddKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file oldkey old newkey
  cryptsetup config --label model old
  "$BATS_TEST_DIRNAME/edit_header.py" old '.tokens["0"] = {"type": "systemd-tpm2", "keyslots": ["1"], "tpm2-blob": "x"}'
  tdxvfs volume import old new --key-file newkey --new-key-file longkey --manifest newmanifest
  tdxvfs volume verify new --manifest newmanifest --key-file longkey
  tdxvfs volume import old again --key-file oldkey --new-key-file longkey --header-backup backup
  tdxvfs volume import old --in-place --key-file newkey --new-key-file longkey
  cryptsetup open --test-passphrase --key-file longkey old
  run ! cryptsetup open --test-passphrase --key-file newkey old
  [[ $(cryptsetup luksDump --dump-json-metadata old | jq -c '[(.keyslots | length), .tokens]') == '[1,{}]' ]]
}

# pack_killed_at N: kills a pack when it gives its Nth file a name.
pack_killed_at() {
  strace -f -o /dev/null -e "inject=linkat:signal=KILL:when=$1" \
    tdxvfs volume pack model new --key-file key --manifest new.json --sign sign.pem || true
}

@test "D10: what a pack left that was killed before its manifest is named" {
  openssl genpkey -algorithm ed25519 -out sign.pem
  for call in 2 3; do # the signature, the manifest
    run pack_killed_at "$call"
    [[ -e new && ! -e new.json ]]
    say tdxvfs volume pack model new --key-file key --manifest new.json --sign sign.pem
    rm -f new new.json.sig
  done
  tdxvfs volume pack model new --key-file key --manifest new.json --sign sign.pem
  tdxvfs volume verify new --manifest new.json --key-file key
  say tdxvfs volume pack model new --register resnet
  say tdxvfs volume repack image new --manifest manifest --key-file key --new-key-file newkey --new-manifest none.json
  say tdxvfs volume pack model new --key-file key
  [[ ! -e none.json ]]
  matches killed_pack
}

@test "D10: what a killed extract left in the clear goes with the next one" {
  strace -f -o /dev/null -e "inject=renameat2:signal=KILL:when=1" \
    tdxvfs volume extract image out --manifest manifest --key-file key || true
  [[ ! -e out && -d $(echo .out.extract-*) ]]
  tdxvfs volume extract image out --manifest manifest --key-file key
  [[ -d out && ! -e $(echo .out.extract-*) ]]
}

# killed_at CALL: kills an import at its first call of this kind.
killed_at() {
  strace -f -o /dev/null -e "inject=$1:signal=KILL:when=1" \
    tdxvfs volume import old new --key-file oldkey --new-key-file newkey || true
}

@test "D10: an import that is killed leaves no image, and the next one works" {
  old luks2
  cp old before
  for call in pwrite64 fsync linkat; do
    run killed_at "$call"
    [[ ! -e new ]]
    cmp old before
  done
  tdxvfs volume import old new --key-file oldkey --new-key-file newkey --manifest newmanifest
  tdxvfs volume verify new --manifest newmanifest --key-file newkey
  cmp -n "$(stat -c %s old.header)" old old.header
}
