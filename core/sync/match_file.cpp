// SPDX-License-Identifier: Apache-2.0
#include "core/sync/match_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/json/document.hpp"
#include "core/json/writer.hpp"

namespace dovetail::sync {
namespace {

void write_values(json::Writer& writer, std::string_view name, const MatchFields& fields, const MatchItem& item) {
  writer.key(name).begin_object();
  for (std::size_t i = 0; i < fields.names.size(); ++i) {
    writer.key(fields.names[i]);
    item.values[i] ? writer.value(*item.values[i]) : writer.null();
  }
  writer.end_object();
}

void write_row(json::Writer& writer, const MatchFields& fields, const MatchItem& row) {
  writer.begin_object().member("rowId", row.id);
  write_values(writer, "row", fields, row);
  writer.end_object();
}

void write_record(json::Writer& writer, const MatchReview& review, std::size_t index) {
  const MatchSuggestion& suggestion = review.suggestions[index];
  const bool matched = suggestion.status == MatchStatus::matched;
  writer.begin_object().member("externalId", review.records[index].id).member("status", to_string(suggestion.status));
  for (const std::string_view name : {"rowId", "suggestedRowId"}) {
    writer.key(name);
    matched ? writer.value(review.rows[suggestion.rows.front()].id) : writer.null();
  }
  write_values(writer, "record", review.fields, review.records[index]);
  if (suggestion.rule) {
    writer.key("rule").begin_array();
    for (const std::size_t field : review.fields.rules[*suggestion.rule]) {
      writer.value(review.fields.names[field]);
    }
    writer.end_array().key("candidates").begin_array();
    for (const std::size_t row : suggestion.rows) {
      write_row(writer, review.fields, review.rows[row]);
    }
    writer.end_array();
  }
  writer.end_object();
}

Error wrong(const json::Value& at, std::string_view expected) {
  return invalid_argument(fmt::format("\"{}\": {}", at.pointer(), expected));
}

/// A row's number, as text or as a number; nullopt for null.
Result<std::optional<RowId>> read_row(const json::Value& entry, std::string_view name) {
  const json::Value value = entry[name];
  if (!value.exists() || value.is_null()) {
    return std::optional<RowId>();
  }
  std::int64_t number = value.as_int64().value_or(0);
  if (const auto text = value.as_string()) {
    const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failure != std::errc() || end != text->data() + text->size()) {
      number = 0;
    }
  }
  if (number <= 0) {
    return wrong(value, "must be a row's number or null");
  }
  return std::optional(RowId{number});
}

Status read_record(const json::Value& entry, MatchDecision& decision) {
  const auto id = entry["externalId"].as_string();
  if (!entry.is_object() || !id) {
    return wrong(entry, "must be an object with \"externalId\" and \"rowId\"");
  }
  if (!entry["rowId"].exists()) {
    return wrong(entry, "\"rowId\" is missing: name a row, or null to leave the record out");
  }
  DOVETAIL_TRY(const auto row, read_row(entry, "rowId"));
  DOVETAIL_TRY(const auto suggested, read_row(entry, "suggestedRowId"));
  if (!row) {
    ++decision.skipped;
    return {};
  }
  decision.changed += suggested == row ? 0U : 1U;
  decision.pairs.push_back({std::string(*id), *row});
  return {};
}

} // namespace

std::size_t MatchReview::count(MatchStatus status) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(suggestions.begin(), suggestions.end(),
                    [status](const MatchSuggestion& suggestion) { return suggestion.status == status; }));
}

std::string to_json(const MatchReview& review, Timestamp now) {
  json::Writer writer(json::Layout::pretty);
  writer.begin_object().member("form", match_file_form);
  writer.member("tenant", review.subject.tenant).member("connection", review.subject.connection);
  writer.member("object", review.subject.object).member("model", review.subject.model);
  writer.member("createdAt", format_iso8601(now));
  writer.key("summary").begin_object();
  for (const auto status : {MatchStatus::matched, MatchStatus::conflict, MatchStatus::unmatched}) {
    writer.member(to_string(status), review.count(status));
  }
  writer.member("linked", review.linked).member("rows", review.rows.size()).end_object();
  writer.key("records").begin_array();
  std::unordered_set<std::size_t> named;
  for (std::size_t i = 0; i < review.records.size(); ++i) {
    write_record(writer, review, i);
    named.insert(review.suggestions[i].rows.begin(), review.suggestions[i].rows.end());
  }
  writer.end_array().key("otherRows").begin_array();
  for (std::size_t i = 0; i < review.rows.size(); ++i) {
    if (!named.contains(i)) {
      write_row(writer, review.fields, review.rows[i]);
    }
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

Result<MatchDecision> read_match_file(std::string_view text) {
  DOVETAIL_TRY(const auto document, json::Document::parse(text, {.max_bytes = max_match_file_bytes}));
  const json::Value root = document.root();
  if (root["form"].as_string() != match_file_form) {
    return invalid_argument(
        fmt::format("\"/form\": must be \"{}\": take a file that `dovetail match suggest` wrote", match_file_form));
  }
  MatchDecision decision;
  const std::array<std::pair<std::string_view, std::string*>, 4> names{{{"/tenant", &decision.subject.tenant},
                                                                        {"/connection", &decision.subject.connection},
                                                                        {"/object", &decision.subject.object},
                                                                        {"/model", &decision.subject.model}}};
  for (const auto& [pointer, target] : names) {
    DOVETAIL_TRY(const std::string_view value, root.get_string(pointer));
    *target = value;
  }
  DOVETAIL_TRY(const json::Value records, root.get_array("/records"));
  if (records.size() > store::max_match_pairs) {
    return invalid_argument(
        fmt::format("\"/records\": at most {} can be confirmed at once: split the file", store::max_match_pairs));
  }
  for (const json::Value entry : records.elements()) {
    DOVETAIL_TRY_STATUS(read_record(entry, decision));
  }
  return decision;
}

} // namespace dovetail::sync
