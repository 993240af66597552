# SPDX-License-Identifier: Apache-2.0
# Reading foreign headers is more than half of a build. What most files of a room
# read is read once and shared by the rooms. Each file still includes what it uses:
# builds without this (fuzz, tidy) must pass.

# tdxvfs_precompile(target HEADER...): this target's own set, which others may share.
# clang's names its folder, so a compiler's cache must not give it to another clone.
function(tdxvfs_precompile target)
  if(TDXVFS_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "")
    endif()
  endif()
endfunction()

# tdxvfs_share_precompiled(target OWNER): the set of another target. GCC takes it
# where the options are the same and the definitions are the owner's and more.
function(tdxvfs_share_precompiled target owner)
  if(TDXVFS_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# tdxvfs_header_set(name HEADERS ... [LINK ...]): owns precompiled headers and nothing else.
function(tdxvfs_header_set name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINK" ${ARGN})
  if(TDXVFS_PRECOMPILE)
    set(empty "${PROJECT_BINARY_DIR}/${name}.cc")
    file(CONFIGURE OUTPUT "${empty}" CONTENT "")
    add_library(tdxvfs_${name} OBJECT "${empty}")
    target_link_libraries(tdxvfs_${name} PRIVATE ${ARG_LINK} tdxvfs_warnings
      tdxvfs_hardening tdxvfs_sanitizers)
    tdxvfs_precompile(tdxvfs_${name} ${ARG_HEADERS})
  endif()
endfunction()

set(TDXVFS_STANDARD_HEADERS
  <algorithm> <array> <charconv> <chrono> <cstdint> <filesystem> <functional> <map> <memory>
  <mutex> <optional> <set> <span> <sstream> <string> <string_view> <system_error> <utility>
  <variant> <vector> <openssl/evp.h> <openssl/x509.h>)
# With gRPC and what is made from our protocol files.
set(TDXVFS_SERVICE_HEADERS
  ${TDXVFS_STANDARD_HEADERS}
  <google/protobuf/extension_set.h> <google/protobuf/generated_message_reflection.h>
  <google/protobuf/map_field.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h>
  <google/protobuf/unknown_field_set.h> <grpcpp/grpcpp.h>
  <tdxvfs/admin/v1/admin.grpc.pb.h> <tdxvfs/v1/release.grpc.pb.h>)
tdxvfs_header_set(standard_headers HEADERS ${TDXVFS_STANDARD_HEADERS})
tdxvfs_header_set(json_headers HEADERS ${TDXVFS_STANDARD_HEADERS} <simdjson.h>
  LINK PkgConfig::SIMDJSON)
if(TDXVFS_PRECOMPILE)
  target_compile_definitions(tdxvfs_json_headers PRIVATE SIMDJSON_EXCEPTIONS=0)
endif()
tdxvfs_header_set(service_headers HEADERS ${TDXVFS_SERVICE_HEADERS} LINK tdxvfs_proto)
