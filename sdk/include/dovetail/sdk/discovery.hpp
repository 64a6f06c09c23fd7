// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "dovetail/abi/discovery.h"
#include "dovetail/sdk/context.hpp"
#include "dovetail/sdk/error.hpp"

namespace dovetail::sdk {

/// The types that a field can have, as a mapping and a local model know them.
enum class FieldType : std::uint8_t { text, integer, real, boolean, timestamp, date, json };

[[nodiscard]] constexpr std::string_view to_string(FieldType type) noexcept {
  switch (type) {
  case FieldType::text:
    return "text";
  case FieldType::integer:
    return "integer";
  case FieldType::real:
    return "real";
  case FieldType::boolean:
    return "boolean";
  case FieldType::timestamp:
    return "timestamp";
  case FieldType::date:
    return "date";
  case FieldType::json:
    break;
  }
  return "json";
}

/// One field that the account has. The views are read before Fields::add returns.
struct Field {
  std::string_view key;        ///< the provider's lasting name, e.g. a column's id
  std::string_view source;     ///< where a mapping takes it from: a JSON pointer, or a mapping source as a JSON object
  std::string_view label = {}; ///< as the account calls it
  FieldType type = FieldType::text;
  bool nullable = true;
  bool identifier = false;
  bool read_only = false;              ///< no action can set it
  std::string_view scope = {};         ///< which part of the account has it, e.g. a board's id; "" = all of it
  std::string_view provider_type = {}; ///< the provider's own word for the type
  std::string_view options =
      {}; ///< a JSON array of {"value": scalar, "label": text}, where the values are a closed list
};

/// Takes the fields of one discovery.
class Fields {
public:
  Fields(const dvt_call* call, const dvt_field_sink* sink) noexcept : call_(call), sink_(sink) {}

  [[nodiscard]] Status add(const Field& field) {
    dvt_field raw{};
    raw.struct_size = sizeof raw;
    raw.flags = (field.nullable ? std::uint32_t{DVT_FIELD_NULLABLE} : 0U) |
                (field.identifier ? std::uint32_t{DVT_FIELD_IDENTIFIER} : 0U) |
                (field.read_only ? std::uint32_t{DVT_FIELD_READ_ONLY} : 0U);
    raw.key = detail::slice(field.key);
    raw.scope = detail::slice(field.scope);
    raw.source = detail::slice(field.source);
    raw.label = detail::slice(field.label);
    raw.type = detail::slice(to_string(field.type));
    raw.provider_type = detail::slice(field.provider_type);
    raw.options = detail::slice(field.options);
    const dvt_code code = sink_->field(call_, sink_, &raw);
    return code == DVT_OK ? Status() : Status(detail::error_of(call_, code));
  }

private:
  const dvt_call* call_;
  const dvt_field_sink* sink_;
};

/// What a Provider derives from as well when its account has fields that the manifest cannot know. DOVETAIL_PLUGIN then offers
/// dovetail.discovery/1.
class Discovery {
public:
  Discovery() = default;
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;
  Discovery(Discovery&&) = delete;
  Discovery& operator=(Discovery&&) = delete;
  virtual ~Discovery() = default;

  /// Tells every field that records of `object` have for this connection.
  [[nodiscard]] virtual Status discover(Context& context, std::string_view object, Fields& fields) = 0;
};

} // namespace dovetail::sdk
