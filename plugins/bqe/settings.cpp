// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>

namespace dovetail::bqe {
namespace {

using namespace sdk;

constexpr int highest_page_size = 10'000; // the host's own bound on the records of one page
constexpr std::int64_t longest_span = 366LL * 86'400;

Result<std::vector<std::string>> texts_at(const Json& json, std::string_view pointer) {
  std::vector<std::string> texts;
  DVT_TRY(const auto list, json.at(pointer));
  if (list.absent()) {
    return texts;
  }
  DVT_TRY_STATUS(json.for_each(pointer, {""}, [&texts](const JsonElement& element) {
    if (const auto text = element[0].string()) {
      texts.emplace_back(*text);
    }
  }));
  return texts;
}

int number_at(const Json& json, std::string_view pointer, int fallback) {
  return static_cast<int>(std::clamp<std::int64_t>(json.integer_or(pointer, fallback), 0, highest_page_size));
}

std::chrono::seconds span_at(const Json& json, std::string_view pointer, std::int64_t fallback) {
  return std::chrono::seconds(std::clamp<std::int64_t>(json.integer_or(pointer, fallback), 0, longest_span));
}

Status read_objects(const Json& json, Settings& settings) {
  DVT_TRY_STATUS(json.for_each("/objects", {"/path", "/deletedType"}, [&settings](const JsonElement& object) {
    ObjectSettings& made = settings.objects.emplace_back();
    made.key = object.key();
    made.path = object[0].string().value_or("");
    made.deleted_type = object[1].string().value_or("");
  }));
  for (ObjectSettings& object : settings.objects) {
    if (object.path.empty()) {
      return make_error(Code::invalid_argument, "the manifest's settings lack \"path\" of the object \"" + object.key +
                                                    "\": say where its list stands below the base URL");
    }
    DVT_TRY(object.fields, texts_at(json, "/objects/" + pointer_escape(object.key) + "/fields"));
  }
  return {};
}

Status read_manifest(const Json& json, Settings& settings) {
  settings.first_page = number_at(json, "/page/first", settings.first_page);
  settings.page_size = number_at(json, "/page/size", settings.page_size);
  settings.max_page_size = number_at(json, "/page/max", settings.max_page_size);
  settings.max_page_size_with_expand = number_at(json, "/page/maxWithExpand", settings.max_page_size_with_expand);
  DVT_TRY(const auto statuses, json.at("/page/endStatuses"));
  if (!statuses.absent()) {
    DVT_TRY_STATUS(json.for_each("/page/endStatuses", {""}, [&settings](const JsonElement& status) {
      settings.end_statuses.push_back(static_cast<int>(status[0].integer().value_or(0)));
    }));
  }
  DVT_TRY(settings.list_paths, texts_at(json, "/list/paths"));
  if (settings.list_paths.empty()) {
    settings.list_paths.emplace_back();
  }
  settings.quote = json.string_or("/where/quote", settings.quote);
  settings.changed_field = json.string_or("/delta/field", settings.changed_field);
  settings.changed_operator = json.string_or("/delta/operator", settings.changed_operator);
  settings.literal_suffix = json.string_or("/delta/literalSuffix", "");
  settings.zone_doubt = span_at(json, "/delta/zoneDoubtSeconds", 0);
  settings.tail = span_at(json, "/delta/tailSeconds", settings.tail.count());
  settings.tie_breaker = json.string_or("/delta/tieBreaker", "");
  settings.deletions_path = json.string_or("/deletions/path", "");
  settings.deleted_field = json.string_or("/deletions/field", "deletedOn");
  settings.deleted_id = json.string_or("/deletions/id", "/entityId");
  settings.deleted_type = json.string_or("/deletions/type", "/entityType");
  settings.deletions_overlap = span_at(json, "/deletions/overlapSeconds", settings.deletions_overlap.count());
  DVT_TRY(settings.expandable, texts_at(json, "/expandable"));
  DVT_TRY(settings.forbidden, texts_at(json, "/forbiddenFields"));
  DVT_TRY(settings.code_keys, texts_at(json, "/errors/code"));
  DVT_TRY(settings.key_keys, texts_at(json, "/errors/key"));
  DVT_TRY(settings.message_keys, texts_at(json, "/errors/message"));
  return read_objects(json, settings);
}

void read_connection(const Json& json, Settings& settings) {
  settings.page_size = number_at(json, "/pageSize", settings.page_size);
  settings.tie_breaker = json.string_or("/tieBreaker", settings.tie_breaker);
  if (json.boolean_or("/zoneVerified", false)) {
    settings.zone_doubt = std::chrono::seconds(0);
  }
  if (!json.boolean_or("/deletedHistory", true)) {
    settings.deletions_path.clear();
  }
  const auto parents_only = json.string_or("/parentOnlyWhere", "");
  for (ObjectSettings& object : settings.objects) {
    if (object.key == "project") {
      object.where = parents_only;
    }
  }
}

} // namespace

Result<Settings> read_settings(Context& context, const Config& config) {
  Settings settings;
  DVT_TRY(const auto manifest, context.parse(config.settings));
  DVT_TRY_STATUS(read_manifest(manifest, settings));
  DVT_TRY(const auto connection, context.parse(config.config));
  read_connection(connection, settings);
  settings.page_size = std::min(settings.page_size, settings.max_page_size);
  if (settings.page_size < 2) {
    return make_error(Code::invalid_argument, "a page of fewer than 2 rows gets nowhere: raise \"pageSize\"");
  }
  return settings;
}

} // namespace dovetail::bqe
