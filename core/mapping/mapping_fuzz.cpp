// SPDX-License-Identifier: Apache-2.0
// libFuzzer's door to the oracle's laws (differential.hpp). Seeds: core/mapping/mapping_fuzz_corpus.
#include "core/mapping/differential.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dovetail::mapping::fuzz_one(data, size);
  return 0;
}
