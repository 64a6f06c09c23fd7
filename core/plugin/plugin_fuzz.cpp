// SPDX-License-Identifier: Apache-2.0

// Everything of the plugin host that reads foreign bytes without running them. The first byte chooses the reader. Beside not crashing:
// what is accepted keeps the promises of its header.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json/check.hpp"
#include "core/plugin/elf.hpp"
#include "core/plugin/page_writer.hpp"
#include "core/plugin/probe.hpp"
#include "core/plugin/slice.hpp"

namespace {

using namespace dovetail;         // NOLINT(google-build-using-namespace)
using namespace dovetail::plugin; // NOLINT(google-build-using-namespace)

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_answer(std::string_view text) {
  const auto info = read_probe_answer(text);
  if (info.ok()) {
    const auto again = read_probe_answer(probe_answer(info));
    must(again.ok() && *again == *info);
  }
}

void read_page_constants(std::string_view text) {
  const auto constants = read_constants(text);
  if (!constants.ok()) {
    return;
  }
  must(text.empty() || json::check(text).ok());
  must(constants->size() <= CallLimits::constants);
  for (const auto& constant : *constants) {
    must(constant.kind != json::Kind::array && constant.kind != json::Kind::object &&
         constant.kind != json::Kind::missing);
  }
}

void clean(std::string_view text) {
  constexpr std::size_t most = 64;
  const auto cleaned = clean_text(text, most);
  must(cleaned.size() <= most);
  must(clean_text(cleaned, most) == cleaned);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  // The bytes are what they are; a view of them as characters is what the readers take.
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1); // NOLINT
  switch (data[0] % 5U) {
  case 0:
    static_cast<void>(check_shared_object("x", text));
    break;
  case 1:
    read_answer(text);
    break;
  case 2:
    read_page_constants(text);
    break;
  case 3:
    clean(text);
    break;
  default:
    static_cast<void>(read_abi_version(text));
    break;
  }
  return 0;
}
