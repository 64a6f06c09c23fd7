// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "tests/simulators/faults.hpp"

namespace dovetail::simulators {

/// Reads the members of one JSON object into variables; remembers the first thing that is wrong.
class Fields {
public:
  Fields(const rapidjson::Value& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.IsObject()) {
      fail("must be an object");
    }
  }

  template <typename T>
    requires std::is_integral_v<T>
  Fields& read(const char* name, T& out) {
    if (const rapidjson::Value* value = find(name)) {
      if constexpr (std::is_same_v<T, bool>) {
        value->IsBool() ? void(out = value->GetBool()) : fail(name, "must be true or false");
      } else if (value->IsUint64() && value->GetUint64() <= static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
        out = static_cast<T>(value->GetUint64());
      } else {
        fail(name, "must be a whole number in range");
      }
    }
    return *this;
  }
  Fields& read(const char* name, double& out) {
    if (const rapidjson::Value* value = find(name)) {
      value->IsNumber() && value->GetDouble() >= 0 ? void(out = value->GetDouble()) : fail(name, "must be a number");
    }
    return *this;
  }
  Fields& read(const char* name, std::string& out) {
    if (const rapidjson::Value* value = find(name)) {
      value->IsString() ? void(out.assign(value->GetString(), value->GetStringLength()))
                        : fail(name, "must be a string");
    }
    return *this;
  }
  template <typename Period> Fields& read(const char* name, std::chrono::duration<std::int64_t, Period>& out) {
    auto count = static_cast<std::int32_t>(out.count());
    read(name, count);
    out = std::chrono::duration<std::int64_t, Period>(count);
    return *this;
  }
  Fields& read(const char* name, std::chrono::sys_seconds& out) {
    std::string text;
    read(name, text);
    if (text.empty()) {
      return *this;
    }
    const std::optional<Timestamp> time = parse_iso8601(text);
    time ? void(out = std::chrono::floor<std::chrono::seconds>(*time))
         : fail(name, "must be an instant such as 2026-01-05T00:00:00Z");
    return *this;
  }
  /// Calls `each(value, place)` for the items of an array.
  template <typename Each> Fields& items(const char* name, Each each) {
    const rapidjson::Value* value = find(name);
    if (value == nullptr) {
      return *this;
    }
    if (!value->IsArray()) {
      fail(name, "must be an array");
      return *this;
    }
    std::size_t index = 0;
    for (const rapidjson::Value& item : value->GetArray()) {
      note(each(item, fmt::format("{}/{}/{}", where_, name, index++)));
    }
    return *this;
  }
  /// Appends the texts of an array.
  Fields& strings(const char* name, std::vector<std::string>& out) {
    return items(name, [&out](const rapidjson::Value& item, const std::string& place) -> Status {
      if (!item.IsString()) {
        return invalid_argument(fmt::format("simulator configuration: {} must be a string", place));
      }
      out.emplace_back(item.GetString(), item.GetStringLength());
      return {};
    });
  }
  /// Calls `inner(value, place)` when the member is there.
  template <typename Inner> Fields& nested(const char* name, Inner inner) {
    if (const rapidjson::Value* value = find(name)) {
      note(inner(*value, fmt::format("{}/{}", where_, name)));
    }
    return *this;
  }

  /// The first error, or one about a member that nobody asked for.
  [[nodiscard]] Status finish() {
    if (error_.ok() && object_.IsObject()) {
      for (const auto& member : object_.GetObject()) {
        if (!known_.contains(member.name.GetString())) {
          fail(member.name.GetString(), "is not known here");
        }
      }
    }
    return error_;
  }

private:
  const rapidjson::Value* find(const char* name) {
    known_.insert(name);
    if (!object_.IsObject()) {
      return nullptr;
    }
    const auto found = object_.FindMember(name);
    return found == object_.MemberEnd() ? nullptr : &found->value;
  }
  void fail(std::string_view name, std::string_view what) { fail(fmt::format("{} {}", name, what)); }
  void fail(std::string_view what) {
    note(invalid_argument(fmt::format("simulator configuration: {}: {}", where_.empty() ? "/" : where_, what)));
  }
  void note(const Status& status) {
    if (error_.ok() && !status.ok()) {
      error_ = status;
    }
  }

  const rapidjson::Value& object_;
  const std::string where_;
  std::set<std::string, std::less<>> known_;
  Status error_;
};

/// Reads `json` into `document`, or says at which byte it is no JSON.
[[nodiscard]] Status parse_configuration(std::string_view json, rapidjson::Document& document);
[[nodiscard]] Status read_fault_plan(const rapidjson::Value& value, const std::string& where, FaultPlan& out);

} // namespace dovetail::simulators
