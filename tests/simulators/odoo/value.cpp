// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/value.hpp"

#include <cmath>

#include <fmt/format.h>

namespace dovetail::simulators::odoo {

bool Value::truthy() const noexcept {
  switch (kind) {
  case Kind::none:
    return false;
  case Kind::boolean:
  case Kind::integer:
    return integer != 0;
  case Kind::real:
    return real != 0;
  case Kind::text:
    return !text.empty();
  case Kind::list:
    return !items.empty();
  case Kind::structure:
    return !members.empty();
  }
  return false;
}

const Value* Value::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : members) {
    if (key == name) {
      return &value;
    }
  }
  return nullptr;
}

std::string float_text(double number) {
  constexpr double most_digits = 1e16;
  return number == std::floor(number) && std::abs(number) < most_digits ? fmt::format("{:.1f}", number)
                                                                        : fmt::format("{}", number);
}

Value from_json(const rapidjson::Value& json) {
  if (json.IsBool()) {
    return json.GetBool();
  }
  if (json.IsInt64()) {
    return static_cast<std::int64_t>(json.GetInt64());
  }
  if (json.IsNumber()) {
    return json.GetDouble();
  }
  if (json.IsString()) {
    return std::string(json.GetString(), json.GetStringLength());
  }
  if (json.IsArray()) {
    std::vector<Value> items;
    for (const auto& item : json.GetArray()) {
      items.push_back(from_json(item));
    }
    return items;
  }
  if (json.IsObject()) {
    Value::Members members;
    for (const auto& member : json.GetObject()) {
      members.emplace_back(std::string(member.name.GetString(), member.name.GetStringLength()),
                           from_json(member.value));
    }
    return members;
  }
  return {};
}

void write_json(JsonText& out, const Value& value) {
  switch (value.kind) {
  case Value::Kind::none:
    out.value(false);
    break;
  case Value::Kind::boolean:
    out.value(value.integer != 0);
    break;
  case Value::Kind::integer:
    out.value(value.integer);
    break;
  case Value::Kind::real:
    out.raw(float_text(value.real));
    break;
  case Value::Kind::text:
    out.value(value.text);
    break;
  case Value::Kind::list:
    out.begin_array();
    for (const auto& item : value.items) {
      write_json(out, item);
    }
    out.end_array();
    break;
  case Value::Kind::structure:
    out.begin_object();
    for (const auto& [name, member] : value.members) {
      out.name(name);
      write_json(out, member);
    }
    out.end_object();
    break;
  }
}

} // namespace dovetail::simulators::odoo
