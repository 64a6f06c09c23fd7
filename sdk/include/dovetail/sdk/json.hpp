// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dovetail/abi/json.h"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/services.hpp"
#include "dovetail/sdk/time.hpp"

namespace dovetail::sdk {

/// One value inside a Json. Its texts live as long as the Json does; inside for_each until the visitor returns.
class JsonValue {
public:
  enum class Kind : std::int32_t {
    missing = DVT_JSON_MISSING,
    null = DVT_JSON_NULL,
    boolean = DVT_JSON_BOOL,
    integer = DVT_JSON_INTEGER,
    real = DVT_JSON_REAL,
    string = DVT_JSON_STRING,
    array = DVT_JSON_ARRAY,
    object = DVT_JSON_OBJECT,
  };

  JsonValue() = default;
  explicit JsonValue(const dvt_json_value& raw) noexcept : raw_(raw) {}

  [[nodiscard]] Kind kind() const noexcept { return static_cast<Kind>(raw_.kind); }
  [[nodiscard]] bool missing() const noexcept { return kind() == Kind::missing; }
  /// Missing or null.
  [[nodiscard]] bool absent() const noexcept { return missing() || kind() == Kind::null; }

  [[nodiscard]] std::optional<std::string_view> string() const noexcept {
    return kind() == Kind::string ? std::optional(detail::view(raw_.text)) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept {
    return kind() == Kind::integer ? std::optional(raw_.integer) : std::nullopt;
  }
  /// Integers too.
  [[nodiscard]] std::optional<double> number() const noexcept {
    return kind() == Kind::real      ? std::optional(raw_.real)
           : kind() == Kind::integer ? std::optional(static_cast<double>(raw_.integer))
                                     : std::nullopt;
  }
  [[nodiscard]] std::optional<bool> boolean() const noexcept {
    return kind() == Kind::boolean ? std::optional(raw_.integer != 0) : std::nullopt;
  }
  /// A string that is an ISO 8601 instant.
  [[nodiscard]] std::optional<Timestamp> timestamp() const noexcept {
    return kind() == Kind::string ? parse_iso8601(detail::view(raw_.text)) : std::nullopt;
  }
  /// A string unescaped; a number, array or object as it is written; empty for the rest.
  [[nodiscard]] std::string_view text() const noexcept { return detail::view(raw_.text); }
  /// How many elements an array or members an object has; 0 for the rest.
  [[nodiscard]] std::uint64_t size() const noexcept {
    return kind() == Kind::array || kind() == Kind::object ? static_cast<std::uint64_t>(raw_.integer) : 0;
  }

private:
  dvt_json_value raw_{};
};

/// What the visitor of for_each sees of one element. Valid until it returns.
class JsonElement {
public:
  JsonElement(std::uint64_t index, std::string_view key, const dvt_json_value* values, std::uint64_t count) noexcept
      : index_(index), key_(key), values_(values), count_(count) {}

  [[nodiscard]] std::uint64_t index() const noexcept { return index_; }
  /// The member's name; empty for an array's elements.
  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  /// The value at the i-th pointer that for_each was given; missing past the last.
  [[nodiscard]] JsonValue operator[](std::size_t i) const noexcept {
    return i < count_ ? JsonValue(values_[i]) : JsonValue();
  }

private:
  std::uint64_t index_;
  std::string_view key_;
  const dvt_json_value* values_;
  std::uint64_t count_;
};

/// Parsed JSON that the host holds: a response's body, a cursor, parents. Move-only; use it within the call that made it.
class Json {
public:
  Json(detail::Frame frame, dvt_json_document* document) noexcept : frame_(frame), document_(document) {}
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;
  Json(Json&& other) noexcept : frame_(other.frame_), document_(std::exchange(other.document_, nullptr)) {}
  Json& operator=(Json&& other) noexcept {
    if (this != &other) {
      release();
      frame_ = other.frame_;
      document_ = std::exchange(other.document_, nullptr);
    }
    return *this;
  }
  ~Json() { release(); }

  /// The value at a JSON pointer (RFC 6901); a missing one has kind missing. Fails only for a malformed pointer.
  [[nodiscard]] Result<JsonValue> at(std::string_view pointer) const {
    dvt_json_value raw{};
    const dvt_code code = frame_.services->json->at(frame_.call, document_, detail::slice(pointer), &raw);
    if (code != DVT_OK) {
      return detail::error_of(frame_.call, code);
    }
    return JsonValue(raw);
  }

  /// A value that must be there and of that kind, or an Error that names the pointer.
  [[nodiscard]] Result<std::string_view> string(std::string_view pointer) const {
    return required(pointer, "a string", &JsonValue::string);
  }
  [[nodiscard]] Result<std::int64_t> integer(std::string_view pointer) const {
    return required(pointer, "an integer", &JsonValue::integer);
  }
  [[nodiscard]] Result<double> number(std::string_view pointer) const {
    return required(pointer, "a number", &JsonValue::number);
  }
  [[nodiscard]] Result<bool> boolean(std::string_view pointer) const {
    return required(pointer, "true or false", &JsonValue::boolean);
  }
  [[nodiscard]] Result<Timestamp> timestamp(std::string_view pointer) const {
    return required(pointer, "an ISO 8601 instant", &JsonValue::timestamp);
  }

  /// The value, or `fallback` where it is missing, null or of another kind.
  [[nodiscard]] std::string_view string_or(std::string_view pointer, std::string_view fallback) const {
    return peek(pointer).string().value_or(fallback);
  }
  [[nodiscard]] std::int64_t integer_or(std::string_view pointer, std::int64_t fallback) const {
    return peek(pointer).integer().value_or(fallback);
  }
  [[nodiscard]] bool boolean_or(std::string_view pointer, bool fallback) const {
    return peek(pointer).boolean().value_or(fallback);
  }

  /// Visits the array or object at `container` in one pass: `visit(const JsonElement&)`, whose [i] stands at pointers[i] below
  /// the element. The visitor returns void, bool (false stops) or Status (an Error stops and is returned). An exception that it
  /// throws comes out of for_each.
  template <typename Visit>
    requires std::invocable<Visit&, const JsonElement&>
  [[nodiscard]] Status for_each(std::string_view container, std::initializer_list<std::string_view> pointers,
                                Visit&& visit) const {
    return for_each(container, std::vector<std::string_view>(pointers), std::forward<Visit>(visit));
  }
  template <typename Visit>
    requires std::invocable<Visit&, const JsonElement&>
  [[nodiscard]] Status for_each(std::string_view container, const std::vector<std::string_view>& pointers,
                                Visit&& visit) const {
    std::vector<dvt_slice> slices;
    slices.reserve(pointers.size());
    for (const auto pointer : pointers) {
      slices.push_back(detail::slice(pointer));
    }
    Visitor<std::remove_reference_t<Visit>> visitor{visit, {}, nullptr};
    const dvt_code code =
        frame_.services->json->for_each(frame_.call, document_, detail::slice(container), slices.data(), slices.size(),
                                        &Visitor<std::remove_reference_t<Visit>>::step, &visitor);
    if (visitor.thrown) {
      std::rethrow_exception(visitor.thrown);
    }
    if (!visitor.status.ok()) {
      return visitor.status;
    }
    return code == DVT_OK ? Status() : Status(detail::error_of(frame_.call, code));
  }

private:
  template <typename Visit> struct Visitor {
    Visit& visit;
    Status status;
    std::exception_ptr thrown;

    static std::int32_t step(void* context, std::uint64_t index, dvt_slice key, const dvt_json_value* values,
                             std::uint64_t count) noexcept {
      auto& self = *static_cast<Visitor*>(context);
      try {
        const JsonElement element(index, detail::view(key), values, count);
        using Answer = std::invoke_result_t<Visit&, const JsonElement&>;
        if constexpr (std::is_same_v<Answer, bool>) {
          return self.visit(element) ? 0 : 1;
        } else if constexpr (std::is_same_v<Answer, Status>) {
          self.status = self.visit(element);
          return self.status.ok() ? 0 : 1;
        } else {
          static_assert(std::is_void_v<Answer>, "a visitor returns void, bool or Status");
          self.visit(element);
          return 0;
        }
      } catch (...) {
        self.thrown = std::current_exception();
        return 1;
      }
    }
  };

  template <typename T>
  [[nodiscard]] Result<T> required(std::string_view pointer, std::string_view what,
                                   std::optional<T> (JsonValue::*get)() const noexcept) const {
    DVT_TRY(const JsonValue value, at(pointer));
    const auto found = (value.*get)();
    if (!found) {
      return make_error(Code::invalid_argument,
                        "the JSON lacks " + std::string(what) + " at \"" + std::string(pointer) +
                            (value.missing() ? "\" (nothing stands there)" : "\" (it has another kind)"));
    }
    return *found;
  }
  [[nodiscard]] JsonValue peek(std::string_view pointer) const {
    auto value = at(pointer);
    return value.ok() ? *value : JsonValue();
  }
  void release() noexcept {
    if (document_ != nullptr) {
      frame_.services->json->release(frame_.call, document_);
      document_ = nullptr;
    }
  }

  detail::Frame frame_;
  dvt_json_document* document_;
};

/// One member name as a step of a JSON pointer: "~" and "/" escaped (RFC 6901).
[[nodiscard]] inline std::string pointer_escape(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (c == '~' || c == '/') {
      out += c == '~' ? "~0" : "~1";
    } else {
      out += c;
    }
  }
  return out;
}

} // namespace dovetail::sdk
