// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/differential.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "core/mapping/test_world.hpp"

namespace dovetail::mapping {
namespace {

TEST(Differential, TheTrieAndRapidJsonGiveEqualRowsOrRefuseTogetherOnRandomPages) {
  // DOVETAIL_DIFFERENTIAL_PAGES: more of them; DOVETAIL_DIFFERENTIAL_SEED: others.
  const char* const pages = std::getenv("DOVETAIL_DIFFERENTIAL_PAGES"); // NOLINT(concurrency-mt-unsafe)
  const char* const seed = std::getenv("DOVETAIL_DIFFERENTIAL_SEED");   // NOLINT(concurrency-mt-unsafe)
  const std::uint64_t first = seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10);
  const std::uint64_t count = pages == nullptr ? 12'000 : std::strtoull(pages, nullptr, 10);
  const auto& mappings = differential_mappings();
  Outcomes outcomes;
  for (std::uint64_t i = first; i < first + count; ++i) {
    const std::string page = PageMaker(i).page();
    const std::string broken =
        check_laws(mappings[i % mappings.size()], page, differential_pointer(i / mappings.size()), outcomes);
    ASSERT_EQ(broken, "") << "seed " << i << ", page:\n" << page;
  }
  // Every law has been put to the test, and the oracle seldom had nothing to say.
  EXPECT_GT(outcomes.equal_rows, count / 4);
  EXPECT_GT(outcomes.both_refuse, count / 20);
  EXPECT_GT(outcomes.skipped_faults, count / 200);
  EXPECT_LT(outcomes.beyond_oracle, count / 20);
}

TEST(Differential, ReducingAPageLeavesWhatTheMappingReads) {
  const auto& mappings = differential_mappings();
  const Page page(R"([{"z":[1,2],"id":5,"user":{"q":{},"name":"x","id":1,"r":2},"at":null,"state":{"a":1},"w":"}"}])");
  EXPECT_EQ(reduced_page(mappings[0], page.bytes(), ""), R"([{"z":[],"id":5,"user":{},"at":null,"state":{},"w":""}])");
  EXPECT_EQ(reduced_page(mappings[1], page.bytes(), ""),
            R"([{"z":[],"id":5,"user":{"q":{},"name":"x","id":1,"r":2},"at":null,"state":{}}])");
}

TEST(Differential, WhatTheFuzzerOnceFoundStaysFixed) {
  const char* const source = std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe)
  if (source == nullptr) {
    GTEST_SKIP() << "DOVETAIL_SOURCE_DIR is not set";
  }
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(source) / "core/mapping/mapping_fuzz_corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    fuzz_one(reinterpret_cast<const std::uint8_t*>(input.data()),
             input.size()); // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
    ++files;
  }
  EXPECT_GT(files, 10U);
}

} // namespace
} // namespace dovetail::mapping
