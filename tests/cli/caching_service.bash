# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A pretend caching service in the test's own folder, for the PKI in `pki`.

# start_service [OPTION...]: sets SERVICE to its URL.
start_service() {
  tdxvfs-simulator pccs --pki pki --listen 127.0.0.1:0 "$@" > service.said 2>&1 3>&- &
  service_pid=$!
  for _ in $(seq 200); do
    SERVICE=$(grep -oE 'https?://127\.0\.0\.1:[0-9]+' service.said | head -n 1) || true
    [[ -z $SERVICE ]] || return 0
    kill -0 "$service_pid" || break
    sleep 0.05
  done
  cat service.said
  return 1
}

stop_service() {
  [[ -n ${service_pid:-} ]] || return 0
  kill "$service_pid" 2> /dev/null || true
  wait "$service_pid" || true
  service_pid=
}
