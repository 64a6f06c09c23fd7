// SPDX-License-Identifier: Apache-2.0
#include "core/sync/account_fields.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/document.hpp"
#include "core/json/writer.hpp"

namespace dovetail::sync {

std::string AccountField::name() const {
  // As JSON texts: people may give a column any title, control characters among them.
  const auto bare = [](const std::string& text) {
    const std::string quoted = json::quoted(text);
    return quoted.substr(1, quoted.size() - 2);
  };
  const std::string text =
      label.empty() || label == key ? json::quoted(key) : fmt::format("{} ({})", json::quoted(label), bare(key));
  return scope.empty() ? text : fmt::format("{} of {}", text, bare(scope));
}

bool AccountField::is_read_by(const mapping::SourcePlace& place) const {
  return std::any_of(places.begin(), places.end(), [&place](const mapping::SourcePlace& own) {
    if (own.is_find() || place.is_find()) {
      return own == place;
    }
    return place.pointer == own.pointer || place.pointer.starts_with(own.pointer + "/");
  });
}

Result<AccountFields> make_account_fields(AccountFields fields) {
  for (AccountField& field : fields) {
    const auto source = mapping::parse_source(field.source);
    if (!source.ok()) {
      return source.error().in(fmt::format("The account's field {} names no source of a mapping", field.name()));
    }
    field.places = mapping::places_of(*source);
  }
  std::sort(fields.begin(), fields.end(), [](const AccountField& left, const AccountField& right) {
    return std::tie(left.scope, left.key) < std::tie(right.scope, right.key);
  });
  return fields;
}

std::string to_json(const AccountFields& fields) {
  json::Writer writer;
  writer.begin_array();
  for (const AccountField& field : fields) {
    writer.begin_object().member("scope", field.scope).member("key", field.key).member("label", field.label);
    writer.member("type", field.type).member("source", field.source).end_object();
  }
  writer.end_array();
  return std::move(writer).take();
}

Result<AccountFields> account_fields_from_json(std::string_view text) {
  const auto damaged = [](const std::string& why) {
    return data_loss("The accepted fields of a mapping are damaged in the database: accept them again with `dovetail "
                     "mapping accept` (" +
                     why + ")");
  };
  const auto document = json::Document::parse(text, {.max_bytes = limits::max_accepted_fields_bytes});
  if (!document.ok()) {
    return damaged(document.error().message);
  }
  AccountFields fields;
  for (const json::Value entry : document->root().elements()) {
    fields.push_back({.scope = std::string(entry.string_or("/scope", "")),
                      .key = std::string(entry.string_or("/key", "")),
                      .label = std::string(entry.string_or("/label", "")),
                      .type = std::string(entry.string_or("/type", "")),
                      .source = std::string(entry.string_or("/source", ""))});
  }
  auto made = make_account_fields(std::move(fields));
  return made.ok() ? std::move(made) : damaged(made.error().message);
}

} // namespace dovetail::sync
