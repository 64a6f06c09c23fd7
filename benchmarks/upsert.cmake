# SPDX-License-Identifier: Apache-2.0
find_package(SQLite3 REQUIRED)
find_package(PostgreSQL REQUIRED)

dovetail_benchmark(upsert
  SOURCES upsert_benchmark.cpp upsert/raw_postgresql.cpp upsert/raw_sqlite.cpp ${PROJECT_SOURCE_DIR}/core/store/page_writer_test_world.cpp
  LIBRARIES Dovetail::store Dovetail::store_support fmt::fmt SQLite::SQLite3 PostgreSQL::PostgreSQL)
