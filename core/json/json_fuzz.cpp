// SPDX-License-Identifier: Apache-2.0
// Any bytes: the check, the tree and the scanner must agree on what is JSON and on what stands where, and none may read outside.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/json/check.hpp"
#include "core/json/document.hpp"
#include "core/json/scan.hpp"

namespace {

using namespace dovetail::json;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void compare(const Found& found, const Value& value) {
  require(found.kind == value.kind());
  std::string scratch;
  if (found.kind == Kind::string) {
    const auto text = unescape(found.raw, scratch);
    require(text.ok() && *text == value.as_string());
  } else if (found.kind == Kind::integer) {
    require(found.integer == value.as_int64());
  } else if (found.kind == Kind::array || found.kind == Kind::object) {
    require(found.integer == static_cast<std::int64_t>(value.size()));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool well_formed = check(text).ok();
  constexpr std::array<std::string_view, 6> wanted{"", "/0", "/a", "/a/0", "/1/a", "/a/b"};
  const auto pointers = PointerSet::compile(wanted);
  std::array<Found, wanted.size()> values;
  const bool scanned = find_all(text, *pointers, values).ok();
  require(scanned || !well_formed);
  const auto document = Document::parse(text, {.max_bytes = size, .duplicates = DuplicateNames::keep_first});
  require(well_formed || !document.ok() || text.starts_with("\xEF\xBB\xBF"));
  if (!well_formed || !document.ok()) { // a number may be well-formed and beyond what a tree holds
    return 0;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    compare(values[i], document->root().at(wanted[i]));
    const auto found = find_at(text, wanted[i]);
    require(found.ok());
    compare(*found, document->root().at(wanted[i]));
  }
  const auto again =
      Document::parse(document->root().dump(), {.max_bytes = 8 * size + 64, .duplicates = DuplicateNames::keep_first});
  require(again.ok() && again->root() == document->root());
  return 0;
}
