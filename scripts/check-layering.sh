#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails on an #include that crosses the table below: which room may see which,
# and in which rooms and files a library may be seen (docs/architecture.md).
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/check-layering.sh [--help] [TREE]

Checks every #include below TREE (default: the tree this script lies in).
Prints FILE:LINE: message for each that crosses the rooms' borders; exit 1 if
there is one.
TEXT
}

# Room: what it may include, itself included. `any` is for what nothing of ours
# depends on.
rooms() {
  cat <<'TABLE'
common     common
attest     attest common
event_log  event_log attest common
verify     verify attest common
policy     policy event_log attest common
luks       luks common
image      image luks common
collateral collateral attest verify common
keyserver  keyserver verify policy event_log attest collateral proto common
agent      agent attest proto luks common
cli        cli luks image attest verify policy event_log collateral proto common
simulator  simulator attest common
bench      any
tests      any
TABLE
}

# Header (a regular expression at its start), rooms that may include it; one
# room alone wherever the library is wrapped by ours.
libraries() {
  cat <<'TABLE'
libcryptsetup\.h    luks image
libdevmapper\.h     luks
libmount/           luks
linux/loop\.h       luks
spdlog/             common
systemd/            common
sqlite3\.h          keyserver
absl/               keyserver
curl/               collateral
archive             image
sqfs/               image
ext2fs/|et/         image
fuse                simulator
fuse3/              simulator
microhttpd\.h       keyserver simulator
prometheus/         keyserver
toml\+\+|toml\.hpp  agent keyserver cli
simdjson            verify policy collateral keyserver cli luks image agent
CLI/                agent keyserver cli simulator
openssl/            common attest event_log verify image keyserver agent cli simulator
TABLE
}

# What must stay pure (bytes in, verdict out) sees neither files nor sockets.
pure_rooms="attest event_log verify policy"
impure='fstream|filesystem|fcntl[.]h|unistd[.]h|sys/socket[.]h|netinet/|netdb[.]h|poll[.]h|common/file[.]h|common/unique_fd[.]h|common/log[.]h'

# gRPC and protobuf types stay inside these files.
wire='(_service|_client|_wire)[.](h|cc)$|(^|/)channel[.](h|cc)$|(^|/)etcd_[a-z_]*[.](h|cc)$|^(agent|keyserver)/main[.]cc$'
# CLI11 compiles all of itself wherever it is read: in cli/ these files stand
# between it and the commands (docs/adr/0041).
line_readers='^cli/command(_line)?[.]cc$'
generated='^(grpc|grpcpp|google/protobuf|tdxvfs|foreign)/'

includes() {
  local folder
  for folder in common attest collateral luks keyserver agent cli simulator \
                bench tests; do
    if [[ -d $folder ]]; then
      find "$folder" -type f \( -name '*.h' -o -name '*.cc' \) -print0
    fi
  done | sort -z | xargs -0 -r grep -HnE '^[[:space:]]*#[[:space:]]*include' || true
}

check() {
  awk -v wire="$wire" -v line_readers="$line_readers" \
      -v generated="$generated" -v impure="$impure" \
      -v pure_rooms="$pure_rooms" '
    function room_of(path) {
      if (path ~ /^attest\/verify\//) return "verify"
      if (path ~ /^attest\/policy\//) return "policy"
      if (path ~ /^attest\/event_log\//) return "event_log"
      if (path ~ /^luks\/image\//) return "image"
      sub(/\/.*/, "", path)
      return path
    }
    function has(list, word) { return (" " list " ") ~ (" " word " ") }
    function report(message) {
      printf "%s:%s: %s\n", file, line, message
      crossings++
    }
    FILENAME == ARGV[1] { name = $1; $1 = ""; may_see[name] = $0; next }
    FILENAME == ARGV[2] { pattern[++libraries] = $1; $1 = ""; homes[libraries] = $0; next }
    {
      match($0, /:[0-9]+:/)
      file = substr($0, 1, RSTART - 1)
      line = substr($0, RSTART + 1, RLENGTH - 2)
      header = substr($0, RSTART + RLENGTH)
      if (!match(header, /["<][^">]+[">]/)) next
      header = substr(header, RSTART + 1, RLENGTH - 2)
      room = room_of(file)
      if (has(may_see[room], "any")) next

      if (header ~ generated) {
        if (!has(may_see[room], "proto")) report("room " room " may not see gRPC or protobuf: " header)
        else if (file !~ wire) report("gRPC and protobuf types belong into *_service.*, *_client.*, *_wire.* or channel.*: " header)
        next
      }
      for (i = 1; i <= libraries; i++)
        if (header ~ ("^(" pattern[i] ")") && !has(homes[i], room))
          report("room " room " may not see this library: " header)
      if (room == "cli" && header ~ /^CLI\// && file !~ line_readers)
        report("CLI11 belongs into cli/command.cc and cli/command_line.cc: " header)
      if (has(pure_rooms, room) && header ~ ("^(" impure ")"))
        report("room " room " does no input or output: " header)
      seen = room_of(header)
      if ((seen in may_see) && header ~ /\// && !has(may_see[room], seen))
        report("room " room " may not see room " seen ": " header)
    }
    END { exit crossings > 0 }
  ' <(rooms) <(libraries) -
}

tree="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
case "${1-}" in
  --help) usage; exit 0 ;;
  -*) usage >&2; exit 2 ;;
  "") ;;
  *) tree="$1" ;;
esac
cd "$tree"
includes | check
