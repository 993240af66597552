# SPDX-License-Identifier: Apache-2.0
# Every option of the build, in one place.
option(TDXVFS_WERROR "Treat warnings as errors" ON)
option(TDXVFS_HARDENING "Compile and link with hardening flags" OFF)
option(TDXVFS_TESTS "Build the tests" ON)
option(TDXVFS_PROGRAMS "Build programs, benchmarks and units, not only libraries and tests" ON)
option(TDXVFS_BENCH "Build the benchmarks with the programs" ON)
option(TDXVFS_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(TDXVFS_PRECOMPILE "Read the largest foreign headers once per program (GCC)" OFF)
option(TDXVFS_TIDY "Run clang-tidy on every file that is compiled" OFF)
set(TDXVFS_LEAVE_OUT "" CACHE STRING "Unit test programs not to build, such as luks_test;image_test")
set(TDXVFS_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
if(TDXVFS_TIDY)
  set(CMAKE_CXX_CLANG_TIDY clang-tidy)
endif()
# Many test programs are linked: lld needs a sixth of the time. What is packaged
# is linked by the system's own linker.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  find_program(TDXVFS_LLD ld.lld)
  mark_as_advanced(TDXVFS_LLD)
  if(TDXVFS_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

function(tdxvfs_print_options)
  message(STATUS "tdxvfs ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}, ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
  foreach(option WERROR HARDENING TESTS PROGRAMS BENCH PRECOMPILE FUZZ TIDY SANITIZE)
    message(STATUS "  TDXVFS_${option} = ${TDXVFS_${option}}")
  endforeach()
endfunction()

# tdxvfs_precompile(target HEADER...): headers that nearly every file of a target
# reads. Each file still includes what it uses: builds without this must pass.
function(tdxvfs_precompile target)
  if(TDXVFS_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()
