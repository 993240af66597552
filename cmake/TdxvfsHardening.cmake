# SPDX-License-Identifier: Apache-2.0
add_library(tdxvfs_hardening INTERFACE)
if(TDXVFS_HARDENING)
  target_compile_options(tdxvfs_hardening INTERFACE
    -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE
    -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -ftrivial-auto-var-init=zero)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(tdxvfs_hardening INTERFACE -fcf-protection=full)
  endif()
  target_link_options(tdxvfs_hardening INTERFACE
    -Wl,-z,relro,-z,now,-z,noexecstack -pie)
endif()
