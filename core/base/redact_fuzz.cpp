// SPDX-License-Identifier: Apache-2.0
// No text around a remembered secret may let it through.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/redact.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view canary = "cnry7Qx2LmZ9";
  static const auto* const redactor = [] {
    auto* const made = new dovetail::Redactor();
    made->remember(dovetail::Secret(canary));
    return made;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = size == 0 ? 0 : data[0] % size;
  std::string planted(text.substr(0, middle));
  planted += canary;
  planted += text.substr(middle);
  const auto shown = redactor->redact(planted);
  if (shown.find(canary) != std::string::npos || shown.find(dovetail::redacted_mark) == std::string::npos) {
    std::abort();
  }
  return 0;
}
