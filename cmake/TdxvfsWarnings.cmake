# SPDX-License-Identifier: Apache-2.0
# Warnings for our own code; generated code does not link this.
add_library(tdxvfs_warnings INTERFACE)
target_compile_options(tdxvfs_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
  -Wnull-dereference -Wformat=2 -Wimplicit-fallthrough -Wundef)
if(TDXVFS_WERROR)
  target_compile_options(tdxvfs_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports null dereferences inside its own inlined library code, and
  # when it optimises also accesses beyond bounds that std::vector never makes.
  target_compile_options(tdxvfs_warnings INTERFACE -Wno-null-dereference
    -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
endif()
