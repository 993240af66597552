# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion for every program of tdxvfs. Commands and options are asked of the
# program itself (--help), so that this file never lags behind; names of files
# are bash's own completion.
_tdxvfs() {
  local current=${COMP_WORDS[COMP_CWORD]} word help
  local commands=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* || $word == */* ]] || commands+=("$word")
  done
  # Words behind the commands are arguments: leave them out until it is help.
  while ! help=$("$1" "${commands[@]}" --help 2> /dev/null); do
    [[ ${#commands[@]} -gt 0 ]] || return 0
    unset 'commands[-1]'
  done
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '--[a-z0-9][a-z0-9-]*' <<< "$help")" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(sed -nE '/^Subcommands:/,$s/^  ([a-z][a-z-]*)( .*)?$/\1/p' <<< "$help")" -- "$current")
  fi
}
complete -o default -F _tdxvfs tdxvfs tdxvfs-agent tdxvfs-keyserver tdxvfs-simulator
