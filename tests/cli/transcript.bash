# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Transcripts for bats tests. `say COMMAND...` runs a command and writes what it
# said; `matches NAME` compares all of it with transcripts/NAME.txt:
#
#
# A line beginning with "$" is the command, with "!" its standard error, with
# "=" its exit code when that is not 0; the others are its standard output.
# What differs from run to run stands as UUID, SHA256, TIME, AUDIT and the like.
# TDXVFS_UPDATE_TRANSCRIPTS=1 writes the files instead; review the difference.

transcripts=$BATS_TEST_DIRNAME/transcripts

begin_transcript() {
  PATH=${TDXVFS_PROGRAMS_DIR:?the folder of the programs to test}:$PATH
  cd "$BATS_TEST_TMPDIR" || return
  export HOME=$BATS_TEST_TMPDIR LC_ALL=C.UTF-8
  unset TDXVFS_SERVER
  : > "$BATS_TEST_TMPDIR/transcript"
}

normalized() {
  sed -E \
    -e "s|$BATS_TEST_TMPDIR|TMP|g" \
    -e 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/UUID/g' \
    -e 's/(release|refusal)-[0-9-]{17}:[0-9]+:[0-9]+/\1-PLACE/' \
    -e 's/(release|refusal)-[0-9-]{10}-[0-9]{6}\b/\1-FILE/g' \
    -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' \
    -e 's/\(issued [0-9-]{10} /(issued DATE /' \
    -e 's/\b[0-9a-f]{8}\.\.[0-9a-f]{8}\b/HEX..HEX/g' \
    -e 's/\b[0-9a-f]{64}\b/SHA256/g' \
    -e 's/\b[0-9a-f]{4}-[0-9]+\b/AUDIT/g' \
    -e 's/\b[0-9a-f]{128}\b/HEX/g' \
    -e 's/[0-9a-f]{40,}\.\.\./HEX.../g' \
    -e 's/[0-9]+ bytes declared/N bytes declared/' \
    -e 's/write at byte [0-9]+/write at byte N/' \
    -e 's/trailing data at offset [0-9]+/trailing data at offset N/' \
    -e 's/^(seq +)[0-9]+$/\1N/' \
    -e 's/^(instance +)[0-9a-f]{4}$/\1INSTANCE/' \
    -e 's/"instance":"[0-9a-f]{4}"/"instance":"INSTANCE"/' \
    -e 's/127\.0\.0\.1:[0-9]+/PEER/' \
    -e 's/[0-9]+ characters/N characters/' \
    -e 's/TIME  [0-9]+$/TIME  DAYS/' \
    -e 's/"days_left":[0-9]+/"days_left":DAYS/g' \
    -e 's/ port [0-9]+ after [0-9]+ ms/ port PORT after N ms/' \
    -e 's/ +$//'
}

# say COMMAND...: standard input is that of `say`.
say() {
  local code=0
  "$@" > out.said 2> err.said || code=$?
  {
    echo "\$ $*"
    cat out.said
    sed 's/^/! /' err.said
    [[ $code -eq 0 ]] || echo "= $code"
    echo
  } | normalized >> "$BATS_TEST_TMPDIR/transcript"
}

matches() {
  local golden=$transcripts/$1.txt
  if [[ -n ${TDXVFS_UPDATE_TRANSCRIPTS:-} ]]; then
    cp "$BATS_TEST_TMPDIR/transcript" "$golden"
  fi
  diff -u "$golden" "$BATS_TEST_TMPDIR/transcript"
}
