// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dovetail {

/// Overwrites memory in a way that the compiler keeps.
void wipe(void* data, std::size_t size) noexcept;

/// Bytes that must not be shown: no operator<<, no formatter, no implicit conversion; wiped on destruction and on move.
/// `reveal()` is the one way in, so that every use can be found. Not thread-safe for writing, safe for concurrent reading.
class Secret {
public:
  Secret() = default;
  explicit Secret(std::string value);
  explicit Secret(std::string_view value);
  explicit Secret(const char* value) : Secret(std::string_view(value)) {}
  Secret(const Secret& other);
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// The bytes; the view lives as long as this object is not changed.
  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return value_.size(); }

  /// Compares in time that depends on the lengths only.
  [[nodiscard]] friend bool operator==(const Secret& left, const Secret& right) noexcept {
    return equal(left.value_, right.value_);
  }

private:
  [[nodiscard]] static bool equal(std::string_view left, std::string_view right) noexcept;
  std::string value_;
};

} // namespace dovetail
