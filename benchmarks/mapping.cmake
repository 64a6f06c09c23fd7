# SPDX-License-Identifier: Apache-2.0
find_package(simdjson REQUIRED)
find_path(DOVETAIL_SIMDJSON_INCLUDE simdjson.h REQUIRED)

# simdjson's on-demand parser is inline code for the instruction set that it is compiled for: it gets all that this machine has.
add_library(dovetail_simdjson_peer STATIC simdjson_mapper.cpp)
target_include_directories(dovetail_simdjson_peer PRIVATE ${PROJECT_SOURCE_DIR})
target_include_directories(dovetail_simdjson_peer SYSTEM PRIVATE ${DOVETAIL_SIMDJSON_INCLUDE})
target_compile_options(dovetail_simdjson_peer PRIVATE -O3 -march=native -DNDEBUG)
target_link_libraries(dovetail_simdjson_peer PRIVATE dovetail_flags Dovetail::mapping simdjson::simdjson)

dovetail_benchmark(mapping
  SOURCES mapping_benchmark.cpp generators/bqe_projects.cpp generators/github_pulls.cpp generators/monday_items.cpp generators/pages.cpp
  LIBRARIES dovetail_simdjson_peer Dovetail::mapping Dovetail::model Dovetail::json fmt::fmt)
target_compile_definitions(mapping_benchmark PRIVATE DVT_MANIFESTS="${PROJECT_SOURCE_DIR}/manifests")
