# SPDX-License-Identifier: Apache-2.0
# tdxvfs_together(target): several of its files are compiled as one, so names in
# anonymous namespaces must be unique in it.
function(tdxvfs_together target)
  if(TDXVFS_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# tdxvfs_room(name [ALONE] SOURCES ... PUBLIC ... PRIVATE ... [PRECOMPILED OWNER]): one
# static library per room, known to the others as tdxvfs::name; headers are included
# from the top of the tree. ALONE: each file is compiled on its own in every build.
# OWNER has the precompiled headers, tdxvfs_standard_headers if not said.
function(tdxvfs_room name)
  cmake_parse_arguments(ARG "ALONE" "PRECOMPILED" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(tdxvfs_${name} STATIC ${ARG_SOURCES})
  add_library(tdxvfs::${name} ALIAS tdxvfs_${name})
  target_include_directories(tdxvfs_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(tdxvfs_${name} PUBLIC ${ARG_PUBLIC}
    PRIVATE ${ARG_PRIVATE} tdxvfs_warnings tdxvfs_hardening tdxvfs_sanitizers)
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED tdxvfs_standard_headers)
  endif()
  tdxvfs_share_precompiled(tdxvfs_${name} ${ARG_PRECOMPILED})
  if(NOT ARG_ALONE)
    tdxvfs_together(tdxvfs_${name})
  endif()
endfunction()

# tdxvfs_program(name SOURCES ... LINK ...): an executable of one room.
function(tdxvfs_program name)
  cmake_parse_arguments(ARG "" "DESTINATION" "SOURCES;LINK" ${ARGN})
  if(NOT TDXVFS_PROGRAMS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_compile_definitions(${name} PRIVATE TDXVFS_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${ARG_LINK} tdxvfs_warnings
    tdxvfs_hardening tdxvfs_sanitizers)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT ARG_DESTINATION)
    set(ARG_DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${ARG_DESTINATION})
endfunction()
