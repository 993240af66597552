#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Disks that fail, limits and kills: what is left behind, and what the owner is
# told.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  begin_transcript
  mkdir model
  echo weights > model/weights
  (umask 077 && printf 'old horse' > oldkey && printf '%064d' 1 > newkey)
}

# old TYPE: a volume as the old scripts made it, with the model inside; `before`
# is a copy.
old() {
  truncate -s 1M clear
  mke2fs -q -F -t ext4 -d model clear 2> /dev/null
  "$BATS_TEST_DIRNAME/foreign_volume.py" clear old oldkey "$1"
  cp old before
}

# with_fault FAULT COMMAND...: a fault that strace injects. Not by `run`, which
# warns when it is the loader that fails.
with_fault() {
  local fault=$1
  shift
  status=0
  output=$(strace -f -o /dev/null -e "inject=$fault" "$@" 2>&1) || status=$?
}

# opens VOLUME KEY
opens() {
  cryptsetup open --test-passphrase --key-file "$2" "$1"
}

# is_backup: old.header holds all of the old header.
is_backup() {
  cmp -n "$((16 * 1024 * 1024))" old.header before
}

@test "D9: a disk that fails at any sync leaves no image and no manifest" {
  local at failed=0
  for at in {6..12}; do
    with_fault "fsync:error=EIO:when=$at" tdxvfs volume pack model image --key-file newkey --manifest manifest
    if [[ $status -eq 0 ]]; then
      rm image manifest
      continue
    fi
    ((++failed))
    [[ $output == "tdxvfs: error: "*"Input/output error"* ]]
    [[ ! -e image && ! -e manifest ]]
  done
  [[ $failed -ge 4 ]]
}

@test "D9: an extract that fails at any sync leaves no folder" {
  tdxvfs volume pack model image --key-file newkey --manifest manifest > /dev/null
  local call
  for call in syncfs fsync; do
    with_fault "$call:error=EIO" tdxvfs volume extract image out --manifest manifest --key-file newkey
    [[ $status -ne 0 && $output == "tdxvfs: error: "*"Input/output error"* ]]
    [[ ! -e out && -z $(find . -name '.out.extract-*') ]]
  done
}

@test "D9: an import that fails at any sync leaves nothing new but a whole header backup" {
  old luks2
  local at failed=0
  for at in 1 2 {8..14}; do
    with_fault "fsync:error=EIO:when=$at" tdxvfs volume import old new --key-file oldkey --new-key-file newkey --manifest manifest
    cmp old before
    if [[ $status -ne 0 ]]; then
      ((++failed))
      [[ ! -e new && ! -e manifest ]]
    fi
    [[ ! -e old.header ]] || is_backup
    rm -f new manifest old.header
  done
  [[ $failed -ge 4 ]]
}

@test "D9: an import in place that fails before the one write changes nothing" {
  old luks2
  local at fault failed=0
  # 8: those before are libcryptsetup's, on the copy in memory.
  for fault in fsync:{8..14} linkat:{1..2} ftruncate:{1..4}; do
    at=${fault#*:} fault=${fault%:*}
    with_fault "$fault:error=EIO:when=$at" tdxvfs volume import old --in-place --key-file oldkey --new-key-file newkey --manifest manifest
    if [[ $status -eq 0 ]]; then
      [[ -e manifest ]]
      opens old newkey
    else
      ((++failed))
      [[ ! -e manifest ]]
      # The sync of the volume itself comes after the write.
      cmp old before || [[ $output == *"the old header is in 'old.header'"* ]]
    fi
    cmp old before || is_backup
    cp before old
    rm -f manifest old.header
  done
  [[ $failed -ge 4 ]]
}

@test "D9: an old header that cannot be read again is not called a changed one" {
  old luks2
  local at said=""
  for at in {3..15}; do
    with_fault "pread64:error=EIO:when=$at" tdxvfs volume import old --in-place --key-file oldkey --new-key-file newkey
    said+=$output
    [[ $status -eq 0 ]] || cmp old before
    cp before old
    rm -f old.header
  done
  [[ $said == *"old.header': image 'old': read at byte 0: Input/output error"* ]]
  [[ $said != *"changed meanwhile"* ]]
}

@test "D10: a killed import leaves a whole header backup or none, and the next one works" {
  old luks2
  local call at killed=0
  for call in write pwrite64 linkat fsync; do
    for at in 1 2; do
      with_fault "$call:signal=KILL:when=$at" tdxvfs volume import old new --key-file oldkey --new-key-file newkey
      [[ $status -eq 0 ]] || ((++killed))
      cmp old before
      [[ ! -e old.header ]] || is_backup
      [[ -e new ]] || tdxvfs volume import old new --key-file oldkey --new-key-file newkey
      rm -f new old.header
    done
  done
  [[ $killed -ge 4 ]]
}

@test "a disk that takes no direct writes gets the same image through the page cache" {
  # The first write tries, on the first thread, which alone is watched here.
  strace -o traced -e trace=pwrite64 -e inject=pwrite64:error=EINVAL:when=1 \
    tdxvfs volume pack model image --key-file newkey --manifest manifest
  grep -q INJECTED traced
  tdxvfs volume pack model direct --key-file newkey --manifest direct.manifest
  tdxvfs volume verify image --manifest manifest --key-file newkey
  tdxvfs volume verify direct --manifest direct.manifest --key-file newkey
  [[ $(jq -r .verity.root_hash manifest) == "$(jq -r .verity.root_hash direct.manifest)" ]]
  [[ $(jq -r .verity.root_hash manifest) =~ ^[0-9a-f]{64}$ ]]
}

@test "D10: an import in place that was killed is run again, whatever it left" {
  openssl genpkey -algorithm ed25519 -out sign.pem
  old luks2
  local at stale=0 finished=0
  local -a in_place=(tdxvfs volume import old --in-place --key-file oldkey --new-key-file newkey --manifest manifest --sign sign.pem)
  # 9 to 17: from the header backup on to the volume itself.
  for at in {9..17}; do
    with_fault "fsync:signal=KILL:when=$at" "${in_place[@]}"
    if cmp -s old before; then
      [[ ! -e manifest && ! -e manifest.sig ]] || ((++stale))
      "${in_place[@]}"
    elif [[ $status -ne 0 ]]; then
      ((++finished))
      run ! "${in_place[@]}"
      [[ $output == *"'old' is imported already: its header is that of the manifest 'manifest'"* ]]
    fi
    opens old newkey
    is_backup
    [[ $(jq -r .header_sha256 manifest) == $(head -c $((16 * 1024 * 1024)) old | sha256sum | cut -c 1-64) ]]
    cp before old
    rm -f manifest manifest.sig old.header
  done
  [[ $stale -ge 2 && $finished -ge 1 ]]
}

@test "an import in place leaves manifests alone that are not its own" {
  old luks2
  tdxvfs volume pack model image --key-file newkey --manifest manifest > /dev/null
  cp manifest kept
  # As it is after an import that was stopped.
  (umask 077 && head -c $((16 * 1024 * 1024)) old > old.header)
  run ! tdxvfs volume import old --in-place --key-file oldkey --new-key-file newkey --manifest manifest
  [[ $output == *"manifest: 'manifest': File exists"* ]]
  cmp manifest kept
  # Of this volume, which was changed by somebody else since.
  jq -c --arg uuid "$(cryptsetup luksUUID old)" '.uuid = $uuid | .header_profile = "imported-1" | del(.verity)' kept > manifest
  cp manifest kept
  cryptsetup config --label other old
  run ! tdxvfs volume import old --in-place --key-file oldkey --new-key-file newkey --manifest manifest
  cmp manifest kept
}

@test "a limit on the size of files is an error, and nothing is left" {
  head -c 2000000 /dev/zero > model/zeroes
  head -c 2000000 /dev/urandom > model/noise
  limited() { (ulimit -f 1500 && tdxvfs "$@"); }
  say limited volume pack model image --key-file newkey
  say ls
  matches file_size_limit
}

@test "a limit on processes is an error" {
  chmod 755 .
  chmod 644 newkey
  mkdir -m 777 out
  as_user=()
  if [[ $(id -u) == 0 ]]; then
    as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  fi
  run -1 --separate-stderr prlimit --nproc=1:1 "${as_user[@]}" \
    "$(command -v tdxvfs)" volume pack model out/image --key-file newkey
  [[ $stderr == *"error: pack 'model': start a thread: Resource temporarily unavailable"* ]]
  [[ ! -e out/image ]]
}

@test "import takes a slot that is set aside, and no unbound one" {
  old luks2
  cryptsetup config --key-slot 0 --priority ignore old
  (umask 077 && printf 'third horse' > thirdkey)
  cryptsetup luksAddKey -q --unbound --key-slot 1 -s 512 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 old thirdkey
  cryptsetup config --key-slot 1 --priority ignore old
  run -6 tdxvfs volume import old new --key-file thirdkey --new-key-file newkey
  [[ $output == *"no key slot takes the passphrase"* ]]
  tdxvfs volume import old new --key-file oldkey --new-key-file newkey
}

@test "import says that a volume without its data is cut off" {
  old luks2
  truncate -s 16M old
  run -6 tdxvfs volume import old new --key-file oldkey --new-key-file newkey
  [[ $output == *"the volume has only 0 bytes behind its header"* ]]
}

@test "a signing key that is no key is not called a passphrase" {
  : > sign.pem
  run -2 tdxvfs volume pack model image --key-file newkey --manifest manifest --sign sign.pem
  [[ $output == *"signing key: 'sign.pem' is empty"* ]]
}
