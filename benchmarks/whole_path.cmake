# SPDX-License-Identifier: Apache-2.0
# Measures programs, so it needs them built, and none of their code.
if(DOVETAIL_DEVELOPER_MODE)
  add_executable(whole_path_benchmark whole_path_benchmark.cpp)
  target_compile_definitions(whole_path_benchmark PRIVATE DOVETAIL_PEERS="${CMAKE_CURRENT_LIST_DIR}/peers")
  target_link_libraries(whole_path_benchmark PRIVATE dovetail_flags Dovetail::process_support Dovetail::json fmt::fmt)
  add_dependencies(whole_path_benchmark dovetail dovetail-plugin-host dovetail-simulator github)
endif()
