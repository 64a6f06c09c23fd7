// SPDX-License-Identifier: Apache-2.0

// The SDK's own readers, which see what providers send. The first byte chooses the reader. Beside not crashing: what is read comes back
// the same when it is written again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dovetail/sdk/json_writer.hpp"
#include "dovetail/sdk/link.hpp"
#include "dovetail/sdk/time.hpp"
#include "dovetail/sdk/url.hpp"
#include "dovetail/testing/json_reader.hpp"

namespace {

using namespace dovetail::sdk; // NOLINT(google-build-using-namespace)

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_json(std::string_view text) {
  const auto tree = dovetail::testing::JsonTree::parse(text);
  if (tree.ok() && (*tree)->root().kind == JsonValue::Kind::string) {
    JsonWriter writer;
    writer.value((*tree)->root().string);
    const auto again = dovetail::testing::JsonTree::parse(writer.text());
    must(again.ok() && (*again)->root().string == (*tree)->root().string);
  }
}

void write_json(std::string_view text) {
  JsonWriter writer;
  writer.value(text);
  must(dovetail::testing::JsonTree::parse(writer.text()).ok());
}

void read_time(std::string_view text) {
  if (const auto time = parse_iso8601(text)) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(*time);
    // An offset can lead out of the years that have four digits.
    const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(whole)).year();
    if (int{year} >= 1 && int{year} <= 9999) {
      must(parse_iso8601(format_iso8601(*time)) == whole);
    }
  }
}

void read_url(std::string_view text) {
  must(percent_decode(percent_encode(text)) == text);
  static_cast<void>(url_origin(text));
  static_cast<void>(url_path_and_query(text));
  static_cast<void>(url_query_value(text, "page"));
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
    static_cast<void>(parse_links(text));
    break;
  case 1:
    read_json(text);
    break;
  case 2:
    write_json(text);
    break;
  case 3:
    read_time(text);
    break;
  default:
    read_url(text);
    break;
  }
  return 0;
}
