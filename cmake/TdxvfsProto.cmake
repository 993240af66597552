# SPDX-License-Identifier: Apache-2.0
# tdxvfs_proto_library(target FILES a.proto ... [GRPC a.proto ...])
# Generates C++ below the build tree; include as "tdxvfs/v1/release.pb.h". The messages
# alone, without what gRPC makes of the services, are ${target}_messages.
function(tdxvfs_proto_library target)
  cmake_parse_arguments(ARG "" "" "FILES;GRPC" ${ARGN})
  set(out "${CMAKE_CURRENT_BINARY_DIR}")
  set(messages)
  set(services)
  foreach(file IN LISTS ARG_FILES)
    string(REGEX REPLACE "\\.proto$" "" stem "${file}")
    set(produced "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    list(APPEND messages ${produced})
    set(plugin)
    if(file IN_LIST ARG_GRPC)
      list(APPEND services "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      list(APPEND produced "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      set(plugin "--plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN}" "--grpc_out=${out}")
    endif()
    add_custom_command(
      OUTPUT ${produced}
      COMMAND ${PROTOC} "-I${CMAKE_CURRENT_SOURCE_DIR}" "--cpp_out=${out}" ${plugin}
              "${CMAKE_CURRENT_SOURCE_DIR}/${file}"
      DEPENDS "${file}"
      COMMENT "protoc ${file}")
  endforeach()
  add_library(${target}_messages STATIC ${messages})
  target_include_directories(${target}_messages SYSTEM PUBLIC "${out}")
  target_link_libraries(${target}_messages PUBLIC protobuf::libprotobuf
    PRIVATE tdxvfs_hardening tdxvfs_sanitizers)
  tdxvfs_share_precompiled(${target}_messages tdxvfs_standard_headers)
  add_library(${target} STATIC ${services})
  target_link_libraries(${target} PUBLIC ${target}_messages gRPC::grpc++
    PRIVATE tdxvfs_hardening tdxvfs_sanitizers)
  tdxvfs_share_precompiled(${target} tdxvfs_standard_headers)
endfunction()
