# SPDX-License-Identifier: Apache-2.0
add_library(tdxvfs_sanitizers INTERFACE)
if(TDXVFS_SANITIZE)
  target_compile_options(tdxvfs_sanitizers INTERFACE
    -fsanitize=${TDXVFS_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(tdxvfs_sanitizers INTERFACE
    -fsanitize=${TDXVFS_SANITIZE})
  if(TDXVFS_FUZZ)
    target_compile_options(tdxvfs_sanitizers INTERFACE
      -fsanitize=fuzzer-no-link)
  endif()
endif()
