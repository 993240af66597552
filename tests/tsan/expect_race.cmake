# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=... -DSUPPRESSIONS=... -P expect_race.cmake: the program must end with the thread
# sanitizer's own exit code, for the race that is planted in it and no other.
set(code 66)
set(ENV{TSAN_OPTIONS}
  "ignore_noninstrumented_modules=1:suppressions='${SUPPRESSIONS}':halt_on_error=1:exitcode=${code}")
execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE result ERROR_VARIABLE report)
if(NOT result EQUAL code)
  message(FATAL_ERROR "${PROGRAM} ended with ${result} instead of ${code}:\n${report}")
endif()
if(NOT report MATCHES "SUMMARY: ThreadSanitizer: data race [^\n]*planted_race.cc:[0-9:]+ in [^\n]*Unlock")
  message(FATAL_ERROR "another race than the planted one:\n${report}")
endif()
