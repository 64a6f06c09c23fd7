// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dovetail/sdk/sdk.hpp"
#include "value.hpp"

namespace dovetail::odoo {

/// Bounds of one answer (adr/0012). What is larger is asked for in smaller batches.
inline constexpr std::size_t max_xml_bytes = 8U << 20U;
inline constexpr std::size_t max_xml_tags = 1'000'000;
inline constexpr int max_value_depth = 16;

/// Writes one methodCall. The caller opens and closes as the values nest; each top value is a parameter.
class CallWriter {
public:
  explicit CallWriter(std::string_view method);

  CallWriter& text(std::string_view value);
  CallWriter& integer(std::int64_t value);
  CallWriter& boolean(bool value);
  CallWriter& open_array();
  CallWriter& open_struct();
  /// The name of the next value, inside a struct.
  CallWriter& name(std::string_view value);
  /// Closes the innermost array or struct.
  CallWriter& close();
  [[nodiscard]] std::string take();

private:
  void begin();
  void end();

  std::string text_;
  std::string open_; ///< '[' and '{' of what is open
};

struct Fault {
  std::int64_t code = 0;
  std::string text;
};

/// What a methodResponse holds: exactly one of the two.
struct XmlAnswer {
  Value value;
  std::optional<Fault> fault;
};

/// Errors: unavailable (transient) when it is no XML-RPC answer, out_of_range when it is past a bound, failed_precondition for a document type.
[[nodiscard]] sdk::Result<XmlAnswer> read_xml_answer(std::string_view body);

} // namespace dovetail::odoo
