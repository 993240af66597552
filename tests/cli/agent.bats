#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What tdxvfs-agent says to lines and configurations that are wrong.

bats_require_minimum_version 1.5.0

setup() {
  load transcript
  load guest
  begin_transcript
  prepare_guest
}

@test "every command explains itself on standard output" {
  say tdxvfs-agent --help
  for command in unlock lock status quote config config-digest; do
    say tdxvfs-agent "$command" --help
  done
  matches agent_help
}

@test "usage errors are one line, a hint and exit code 2" {
  say tdxvfs-agent
  say tdxvfs-agent unlock
  say tdxvfs-agent unlock a b
  say tdxvfs-agent unlock a --frob
  say tdxvfs-agent unlock NotAName
  say tdxvfs-agent unlock ../../etc/shadow
  say tdxvfs-agent lock a --lazy --lazy-on-shutdown
  say tdxvfs-agent quote
  say tdxvfs-agent quote --out q --report-data 00
  say tdxvfs-agent status --log-level loud
  say tdxvfs-agent status --require-open
  say tdxvfs-agent config a --image /i --mount /m
  say tdxvfs-agent unlock a --frob --json
  matches agent_usage
}

write_config() {
  printf '%s\n' "$@" > guest/etc/volumes.d/data.toml
}

@test "a wrong configuration is named with file, line and key" {
  say tdxvfs-agent unlock data
  write_config 'image = "/i"' 'mount = "/m"' 'servers = ["k:1"]' 'ca = "/none"'
  say tdxvfs-agent unlock data
  write_config 'image = "/i"' 'mount = "/m"' 'servers = ["k:1"]' 'caa = "/c"'
  say tdxvfs-agent unlock data
  write_config 'image = "/i"' 'mount = 5' 'servers = ["k:1"]' 'ca = "/c"'
  say tdxvfs-agent unlock data
  write_config 'image = "/i"' 'mount = "/m"' 'servers = ["k"]' 'ca = "/c"'
  say tdxvfs-agent unlock data --json
  write_config 'image = "/i"' 'mount = "/m"' 'servers = ["k:1"]'
  say tdxvfs-agent config-digest data
  chmod go+w guest/etc/volumes.d/data.toml
  say tdxvfs-agent config-digest data
  matches agent_configuration
}

@test "configurations are written once and never over another" {
  say tdxvfs-agent config data --image /i --mount /m --server k:1 --ca /ca.pem
  say cat guest/etc/volumes.d/data.toml
  say tdxvfs-agent config data --image /j --mount /m --server k:1 --ca /ca.pem
  say tdxvfs-agent config other --image i --mount /m --server k:1 --ca /ca.pem
  say tdxvfs-agent config imported --image /i --mount /m --server k:1 --ca /ca.pem --header '16 MiB'
  say cat guest/etc/volumes.d/imported.toml
  say tdxvfs-agent config odd --image /i --mount /m --server k:1 --ca /ca.pem --header '17 MiB'
  say tdxvfs-agent config other --image /i --mount /m --server k:1
  say tdxvfs-agent config other --image /i --mount /m --server unix:/x --ca /c
  say ls guest/etc/volumes.d
  matches agent_config
}

@test "an image that is none is refused before anybody is asked" {
  touch ca.pem
  image() {
    rm -f guest/etc/volumes.d/data.toml
    tdxvfs-agent config data --image "$1" --mount /m --server k:1 --ca "$PWD/ca.pem" > made.said
    say tdxvfs-agent unlock data
  }
  image "$PWD/none"
  image /dev/null
  image "$PWD"
  mkfifo fifo
  image "$PWD/fifo"
  truncate --size 2M zeroes
  image "$PWD/zeroes"
  printf 'LUKS\xba\xbe\x00\x02' > short
  image "$PWD/short"
  matches agent_image
}

@test "without a quote device the reason says so" {
  say tdxvfs-agent quote --out q
  say tdxvfs-agent quote --out q --json
  matches agent_no_device
}

@test "status shows volumes that cannot be read as failed" {
  say tdxvfs-agent status
  touch ca.pem
  tdxvfs-agent config data --image /i --mount /m --server k:1 --ca "$PWD/ca.pem" > made.said
  write_broken() { echo 'image = 1' > guest/etc/volumes.d/broken.toml; }
  write_broken
  say tdxvfs-agent status
  say tdxvfs-agent status --json
  say tdxvfs-agent status data --json
  say tdxvfs-agent status data --require-open
  matches agent_status
}

@test "mount.tdxvfs and umount.tdxvfs end with the codes of mount(8)" {
  touch ca.pem
  tdxvfs-agent config data --image "$PWD/i" --mount /m --server k:1 --ca "$PWD/ca.pem" > made.said
  say mount.tdxvfs --help
  say umount.tdxvfs --help
  say mount.tdxvfs
  say mount.tdxvfs "$PWD/i" /m
  say mount.tdxvfs "$PWD/i" /m -o volume=none
  say mount.tdxvfs "$PWD/other" /m -o volume=data
  say mount.tdxvfs "$PWD/i" /other -o volume=data
  say mount.tdxvfs "$PWD/i" /m -o volume=data,frob
  say mount.tdxvfs "$PWD/i" /m -f -o rw,_netdev,nofail,x-systemd.automount,volume=data
  say mount.tdxvfs "$PWD/i" /m -o rw,volume=data
  say umount.tdxvfs
  say umount.tdxvfs /nowhere
  matches agent_mount
}

@test "results that do not reach their reader are a failure" {
  say bash -c "tdxvfs-agent --help > /dev/full"
  matches agent_full_output
}
