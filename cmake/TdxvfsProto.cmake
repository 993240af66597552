# SPDX-License-Identifier: Apache-2.0
# tdxvfs_proto_library(target FILES a.proto ... [GRPC a.proto ...])
# Generates C++ below the build tree; include as "tdxvfs/v1/release.pb.h".
function(tdxvfs_proto_library target)
  cmake_parse_arguments(ARG "" "" "FILES;GRPC" ${ARGN})
  set(out "${CMAKE_CURRENT_BINARY_DIR}")
  set(sources)
  foreach(file IN LISTS ARG_FILES)
    string(REGEX REPLACE "\\.proto$" "" stem "${file}")
    set(produced "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(plugin)
    if(file IN_LIST ARG_GRPC)
      list(APPEND produced "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(plugin "--plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN}" "--grpc_out=${out}")
    endif()
    add_custom_command(
      OUTPUT ${produced}
      COMMAND ${PROTOC} "-I${CMAKE_CURRENT_SOURCE_DIR}" "--cpp_out=${out}" ${plugin}
              "${CMAKE_CURRENT_SOURCE_DIR}/${file}"
      DEPENDS "${file}"
      COMMENT "protoc ${file}")
    list(APPEND sources ${produced})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  target_link_libraries(${target} PUBLIC PkgConfig::GRPC PkgConfig::PROTOBUF
                        PRIVATE tdxvfs_hardening tdxvfs_sanitizers)
  tdxvfs_share_precompiled(${target} tdxvfs_wire_headers)
endfunction()
