// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

namespace dovetail::odoo {

using namespace sdk;

std::string_view to_string(Protocol protocol) noexcept { return protocol == Protocol::json2 ? "json2" : "xmlrpc"; }

std::optional<Protocol> protocol_from_name(std::string_view name) noexcept {
  if (name == "json2") {
    return Protocol::json2;
  }
  return name == "xmlrpc" ? std::optional(Protocol::xmlrpc) : std::nullopt;
}

namespace {

/// Visits the values of an array or object that need not be there.
template <typename Visit> Status visit_values(const Json& json, std::string_view container, Visit visit) {
  DVT_TRY(const auto there, json.at(container));
  return there.absent() ? Status() : json.for_each(container, {""}, visit);
}

} // namespace

Result<Settings> read_settings(Context& context, const Config& config) {
  DVT_TRY(const auto json, context.parse(config.config));
  Settings settings;
  settings.database = json.string_or("/database", "");
  settings.login = json.string_or("/login", "");
  settings.protocol = protocol_from_name(json.string_or("/protocol", "auto"));
  settings.language = json.string_or("/language", "");
  settings.batch_size = json.integer_or("/batchSize", settings.batch_size);
  settings.trust_stamps = json.string_or("/fullPass", "everything") == "changed";
  DVT_TRY_STATUS(visit_values(json, "/companies", [&settings](const JsonElement& company) {
    settings.companies.push_back(company[0].integer().value_or(0));
  }));
  DVT_TRY(const auto manifest, context.parse(config.settings));
  DVT_TRY(const auto objects, manifest.at("/objects"));
  if (objects.absent()) {
    return make_error(Code::invalid_argument,
                      "the manifest's \"settings\" lack \"objects\": which of Odoo's models each object is");
  }
  DVT_TRY_STATUS(manifest.for_each(
      "/objects", {"/model", "/without", "/watch/model", "/watch/field"}, [&settings](const JsonElement& object) {
        settings.objects.emplace(std::string(object.key()), ObjectSpec{.model = std::string(object[0].text()),
                                                                       .without = std::string(object[1].text()),
                                                                       .watched_model = std::string(object[2].text()),
                                                                       .watched_field = std::string(object[3].text())});
      }));
  for (auto& [key, spec] : settings.objects) {
    DVT_TRY_STATUS(
        visit_values(manifest, "/objects/" + pointer_escape(key) + "/optional",
                     [&names = spec.optional](const JsonElement& name) { names.emplace_back(name[0].text()); }));
  }
  DVT_TRY_STATUS(visit_values(manifest, "/renamed", [&settings](const JsonElement& field) {
    settings.renamed.emplace(std::string(field.key()), std::string(field[0].text()));
  }));
  return settings;
}

} // namespace dovetail::odoo
