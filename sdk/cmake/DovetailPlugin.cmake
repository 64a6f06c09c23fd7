# SPDX-License-Identifier: Apache-2.0
include_guard(GLOBAL)

set(DOVETAIL_PLUGIN_VERSION_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/plugin.map CACHE INTERNAL "What a Dovetail plugin exports")

# dovetail_add_plugin(NAME SOURCES a.cpp ... [LIBRARIES targets] [OUTPUT_DIRECTORY folder] [NO_INSTALL])
#
# A provider plugin NAME.so over Dovetail::sdk: a module without the "lib" prefix that exports dvt_plugin_query alone and leaves no
# symbol undefined. It is built into OUTPUT_DIRECTORY, by default ${DOVETAIL_PLUGIN_DIRECTORY}, by default lib/dovetail/plugins
# of the build tree, and installed into lib/dovetail/plugins. LIBRARIES must be static: a plugin ships as one file.
function(dovetail_add_plugin name)
  cmake_parse_arguments(arg "NO_INSTALL" "OUTPUT_DIRECTORY" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "dovetail_add_plugin(${name}): name its SOURCES")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dovetail_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY ${DOVETAIL_PLUGIN_DIRECTORY})
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/dovetail/plugins)
  endif()
  add_library(${name} MODULE ${arg_SOURCES})
  set_property(GLOBAL APPEND PROPERTY DOVETAIL_PLUGINS ${name})
  target_link_libraries(${name} PRIVATE Dovetail::sdk ${arg_LIBRARIES})
  if(TARGET dovetail_flags) # inside Dovetail's own tree
    target_link_libraries(${name} PRIVATE dovetail_flags)
  endif()
  target_compile_features(${name} PRIVATE cxx_std_20)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    SUFFIX ".so"
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    C_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    LIBRARY_OUTPUT_DIRECTORY ${arg_OUTPUT_DIRECTORY}
    LINK_DEPENDS ${DOVETAIL_PLUGIN_VERSION_SCRIPT})
  target_link_options(${name} PRIVATE
    -Wl,--version-script=${DOVETAIL_PLUGIN_VERSION_SCRIPT} -Wl,--exclude-libs,ALL -Wl,--no-undefined-version)
  # clang leaves the sanitizers' runtime to the program that opens the module, so there symbols must stay open. (Not a
  # generator expression: a list of sanitizers has a comma.)
  if(NOT (CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND DOVETAIL_SANITIZE))
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  if(TARGET dovetail_programs AND NOT arg_NO_INSTALL)
    add_dependencies(dovetail_programs ${name})
  endif()
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${name} LIBRARY DESTINATION lib/dovetail/plugins COMPONENT plugins)
  endif()
endfunction()
