// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/discovery.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/json/check.hpp"
#include "core/json/document.hpp"
#include "core/json/pointer.hpp"
#include "core/json/scan.hpp"
#include "core/plugin/slice.hpp"

namespace dovetail::plugin {

namespace {

constexpr std::array<std::string_view, 7> field_types = {"text",      "integer", "real", "boolean",
                                                         "timestamp", "date",    "json"};
constexpr std::uint32_t known_flags = DVT_FIELD_NULLABLE | DVT_FIELD_IDENTIFIER | DVT_FIELD_READ_ONLY;

/// A name that other parts store and compare must come through unchanged, so what cannot is refused.
Result<std::string> read_name(std::string_view text, std::string_view what) {
  if (text.size() > DiscoveryLimits::name_bytes || clean_text(text, DiscoveryLimits::name_bytes) != text) {
    return invalid_argument(fmt::format("a {} that is longer than {} bytes, holds control characters or is no UTF-8",
                                        what, DiscoveryLimits::name_bytes));
  }
  return std::string(text);
}

Result<std::string> read_source(std::string_view text) {
  if (text.empty() || text.size() > DiscoveryLimits::source_bytes) {
    return invalid_argument(
        fmt::format("a source of {} bytes, not 1 to {}", text.size(), DiscoveryLimits::source_bytes));
  }
  if (text.front() == '/') {
    DOVETAIL_TRY(const auto steps, json::split_pointer(text));
    return std::string(text);
  }
  DOVETAIL_TRY_STATUS(json::check(text));
  DOVETAIL_TRY(const auto found, json::find_at(text, ""));
  if (found.kind != json::Kind::object) {
    return invalid_argument("a source that is neither a JSON pointer nor a JSON object");
  }
  return std::string(text);
}

Result<std::vector<FieldOption>> read_options(std::string_view text) {
  std::vector<FieldOption> options;
  if (text.empty()) {
    return options;
  }
  if (text.size() > DiscoveryLimits::options_bytes) {
    return invalid_argument(
        fmt::format("options of {} bytes; {} are allowed", text.size(), DiscoveryLimits::options_bytes));
  }
  DOVETAIL_TRY(const auto document, json::Document::parse(text, {.max_bytes = DiscoveryLimits::options_bytes}));
  const auto list = document.root();
  if (!list.is_array() || list.size() > DiscoveryLimits::options) {
    return invalid_argument(fmt::format("options that are no array of at most {}", DiscoveryLimits::options));
  }
  for (const auto option : list.elements()) {
    const auto value = option["value"];
    const auto label = option["label"];
    if (!value.exists() || value.is_array() || value.is_object() || (label.exists() && !label.is_string())) {
      return invalid_argument("an option without a scalar \"value\", or whose \"label\" is no text");
    }
    options.push_back({value.dump(), clean_text(label.as_string().value_or(""), DiscoveryLimits::label_bytes)});
  }
  return options;
}

} // namespace

FieldCollector::FieldCollector(HostCall& frame) : frame_(frame) {
  sink_.struct_size = sizeof sink_;
  sink_.host = this;
  sink_.field = [](const dvt_call* call, const dvt_field_sink* self, const dvt_field* field) noexcept -> dvt_code {
    return serve(call, [&](HostCall& running) -> Status {
      if (running.fields == nullptr || self != &running.fields->sink_) {
        return running.misuse("sink.field with a sink that is not this call's");
      }
      return running.fields->field(field);
    });
  };
  frame_.fields = this;
}

Result<DiscoveredField> FieldCollector::checked(const dvt_field& field) {
  if ((field.flags & ~known_flags) != 0) {
    return invalid_argument(fmt::format("flags {:#x} that this Dovetail does not know: upgrade Dovetail", field.flags));
  }
  const auto type = to_view(field.type);
  if (std::find(field_types.begin(), field_types.end(), type) == field_types.end()) {
    return invalid_argument(fmt::format("the type \"{}\", which is none", clean_text(type, 40)));
  }
  DiscoveredField result;
  DOVETAIL_TRY(result.key, read_name(to_view(field.key), "key"));
  DOVETAIL_TRY(result.scope, read_name(to_view(field.scope), "scope"));
  DOVETAIL_TRY(result.provider_type, read_name(to_view(field.provider_type), "provider_type"));
  if (result.key.empty()) {
    return invalid_argument("no key");
  }
  if (field.label.size > DiscoveryLimits::label_bytes) {
    return invalid_argument(
        fmt::format("a label of {} bytes; {} are allowed", field.label.size, DiscoveryLimits::label_bytes));
  }
  DOVETAIL_TRY(result.source, read_source(to_view(field.source)));
  DOVETAIL_TRY(result.options, read_options(to_view(field.options)));
  result.label = clean_text(to_view(field.label), DiscoveryLimits::label_bytes);
  result.type = type;
  result.nullable = (field.flags & DVT_FIELD_NULLABLE) != 0;
  result.identifier = (field.flags & DVT_FIELD_IDENTIFIER) != 0;
  result.read_only = (field.flags & DVT_FIELD_READ_ONLY) != 0;
  return result;
}

Status FieldCollector::field(const dvt_field* field) {
  if (field == nullptr || !DVT_HAS(field, dvt_field, options)) {
    return frame_.misuse("sink.field with a struct that is NULL or shorter than ABI 1.0 has it");
  }
  if (fields_.size() == DiscoveryLimits::fields) {
    return frame_.misuse(fmt::format("sink.field more than {} times in one call", DiscoveryLimits::fields));
  }
  auto result = checked(*field);
  if (!result.ok()) {
    return frame_.misuse("sink.field: " + result.error().message);
  }
  bytes_ += result->key.size() + result->scope.size() + result->source.size() + result->label.size() +
            result->provider_type.size() + static_cast<std::size_t>(field->options.size);
  if (bytes_ > DiscoveryLimits::bytes) {
    return frame_.misuse(fmt::format("sink.field with more than {} MiB in one call", DiscoveryLimits::bytes >> 20U));
  }
  if (!names_.emplace(result->scope, result->key).second) {
    return frame_.misuse(fmt::format("sink.field: the key \"{}\" of one scope twice", result->key));
  }
  fields_.push_back(std::move(*result));
  return {};
}

} // namespace dovetail::plugin
