// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace dovetail::http {

/// One header field as it was sent or received; the value is without blanks around it.
struct Header {
  std::string name;
  std::string value;

  friend bool operator==(const Header&, const Header&) = default;
};

/// Header fields in the order of the message; names compare without case, a name may occur more than once (RFC 9110 section 5).
/// At most limits::max_headers fields of limits::max_header_bytes together. A value type.
class Headers {
public:
  Headers() = default;

  /// Appends a field. invalid_argument when the name is no token or the value holds control characters (so that nothing can
  /// smuggle a line in), out_of_range when it is one too many or too long. The message shows the name, never the value.
  Status add(std::string_view name, std::string_view value);
  /// The same in place of all fields of that name.
  Status set(std::string_view name, std::string_view value);
  void remove(std::string_view name);

  /// The first value of that name; the view lives as long as this object is not changed.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).has_value(); }
  /// All values of that name joined by ", ".
  [[nodiscard]] std::string join(std::string_view name) const;

  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
  [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return fields_.begin(); }
  [[nodiscard]] auto end() const noexcept { return fields_.end(); }

  friend bool operator==(const Headers&, const Headers&) = default;

private:
  std::vector<Header> fields_;
  std::size_t bytes_ = 0;
};

/// Whether two header names, schemes or the like are equal but for the case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;
/// Whether `text` is a token of RFC 9110 section 5.6.2: a method or a header name.
[[nodiscard]] bool is_token(std::string_view text) noexcept;
/// `text` without the blanks and tabs around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

} // namespace dovetail::http
