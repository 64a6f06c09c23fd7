// SPDX-License-Identifier: Apache-2.0
#include "core/base/secret.hpp"

#include <cstring>
#include <utility>

namespace dovetail {

void wipe(void* data, std::size_t size) noexcept {
  if (data != nullptr && size != 0) {
    explicit_bzero(data, size);
  }
}

namespace {

void wipe_string(std::string& value) noexcept {
  wipe(value.data(), value.size());
  value.clear();
}

} // namespace

Secret::Secret(std::string value) : value_(value) { wipe_string(value); }

Secret::Secret(std::string_view value) : value_(value) {}

Secret::Secret(const Secret& other) = default;

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe_string(value_);
    value_ = other.value_;
  }
  return *this;
}

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) {
  // A moved-from short string keeps its bytes inside the object.
  wipe_string(other.value_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe_string(value_);
    value_ = std::move(other.value_);
    wipe_string(other.value_);
  }
  return *this;
}

Secret::~Secret() { wipe_string(value_); }

bool Secret::equal(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) {
    return false;
  }
  unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(left[i]) ^ static_cast<unsigned char>(right[i])));
  }
  return difference == 0;
}

} // namespace dovetail
