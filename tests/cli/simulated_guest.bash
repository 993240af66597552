# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A guest that the simulator makes up, for the PKI in `pki`: it has no device,
# only quotes, and asks the server of key_server.bash.

# value DIGIT: a measurement.
value() {
  printf "$1%.0s" {1..96}
}

# shellcheck disable=SC2034  # for those who load this
guest=(--mr-td "$(value 1)" --rtmr0 "$(value 1)" --rtmr1 "$(value 1)" --rtmr2 "$(value 1)")
# shellcheck disable=SC2034
other_kernel=(--mr-td "$(value 1)" --rtmr0 "$(value 1)" --rtmr1 "$(value 2)" --rtmr2 "$(value 1)")

# quote FILE [OPTION...]: of `guest`.
quote() {
  local file=$1
  shift
  tdxvfs-simulator quote --pki pki --report-data "$(printf '0%.0s' {1..128})" \
    "${guest[@]}" "$@" --out "$file" > /dev/null
}

# exchange OPTION...: one release exchange of the volume `data`; prints
# "granted", or the reason and the audit id.
exchange() {
  PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$BATS_TEST_DIRNAME/one_exchange.py" "$SERVER_PORT" \
    server/tls/ca.pem data image pki "$@"
}

# The volume `data`, released to `guest`; what is here of an earlier one goes.
register_data() {
  mkdir -p model
  echo weights > model/weights
  rm -f image good
  tdxvfs volume pack model image --register data > /dev/null 2>&1
  quote good
  tdxvfs policy from-quote good > policy.json
  tdxvfs policy put data policy.json
}
