// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "core/manifest/connection.hpp"
#include "core/manifest/reader.hpp"

namespace dovetail::manifest::detail {
namespace {

constexpr std::size_t max_parents = 16; ///< objects above each other

class Checks {
public:
  Checks(const Manifest& manifest, const json::Schema& mapping_schema, Findings& findings)
      : manifest_(manifest), mapping_schema_(mapping_schema), findings_(findings) {}

  void run() {
    unique_names();
    auth();
    required_headers();
    templates();
    signs();
    oauth();
    for (std::size_t i = 0; i < manifest_.objects.size(); ++i) {
      object(manifest_.objects[i], fmt::format("/objects/{}", i));
    }
    for (std::size_t i = 0; i < manifest_.actions.size(); ++i) {
      action(manifest_.actions[i], fmt::format("/actions/{}", i));
    }
    batch();
  }

private:
  void complain(std::string pointer, std::string message) {
    findings_.errors.push_back({std::move(pointer), std::move(message)});
  }

  template <typename List, typename Name>
  void unique(const List& list, std::string_view at, std::string_view member, Name name) {
    std::set<std::string, std::less<>> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!seen.insert(name(list[i])).second) {
        complain(fmt::format("{}/{}/{}", at, i, member), fmt::format("\"{}\" stands here twice", name(list[i])));
      }
    }
  }

  void unique_names() {
    const auto key = [](const auto& entry) { return entry.key; };
    unique(manifest_.objects, "/objects", "key", key);
    unique(manifest_.actions, "/actions", "key", key);
    unique(manifest_.base_urls, "/baseUrlVariants", "key", key);
    unique(manifest_.auth, "/auth", "key", key);
    unique(manifest_.secrets, "/secrets", "name", [](const auto& secret) { return secret.name; });
    for (std::size_t i = 0; i < manifest_.secrets.size(); ++i) {
      if (manifest_.secrets[i].name == token_set_secret) {
        complain(fmt::format("/secrets/{}/name", i), "the host keeps the tokens that it renews under this name");
      } else if (manifest_.secrets[i].name == batch_tokens_secret) {
        complain(fmt::format("/secrets/{}/name", i), "the host keeps what it wrote into account files under this name");
      }
    }
    unique(manifest_.required_headers, "/requiredHeaders", "key", [](const auto& header) { return header.name; });
  }

  [[nodiscard]] bool has_secret(const std::string& name) const {
    return std::any_of(manifest_.secrets.begin(), manifest_.secrets.end(),
                       [&](const auto& secret) { return secret.name == name; });
  }

  void auth() {
    const bool several = manifest_.raw()["auth"].is_array();
    for (std::size_t i = 0; i < manifest_.auth.size(); ++i) {
      const auto& method = manifest_.auth[i];
      const auto at = several ? fmt::format("/auth/{}", i) : std::string("/auth");
      if (method.body && (method.kind == AuthKind::none || method.kind == AuthKind::oauth2)) {
        complain(at + "/body", "only a method with a fixed secret can put one into a body");
      }
      if (method.kind == AuthKind::none) {
        continue;
      }
      if (method.kind == AuthKind::oauth2) {
        oauth_method(method, at);
        continue;
      }
      if (method.secret.empty()) {
        complain(at, "the member \"secret\" is missing: which secret goes into the header");
      } else if (!has_secret(method.secret)) {
        complain(at + "/secret", fmt::format("\"{}\" is not among \"secrets\"", method.secret));
      }
      if (method.kind == AuthKind::basic && method.user.empty() == method.user_secret.empty()) {
        complain(at, "basic auth needs either \"user\" or \"userSecret\"");
      }
      if (!method.user_secret.empty() && !has_secret(method.user_secret)) {
        complain(at + "/userSecret", fmt::format("\"{}\" is not among \"secrets\"", method.user_secret));
      }
      check_template(method.user, at + "/user");
    }
  }

  /// Tokens are renewed with secrets of fixed names: without them no connection could ever sign in.
  void oauth_method(const AuthMethod& method, const std::string& at) {
    if (!manifest_.oauth) {
      complain(at + "/kind", "\"oauth2\" needs the manifest's member \"oauth\"");
      return;
    }
    const auto needs = [&](std::string_view name, std::string_view why) {
      if (!has_secret(std::string(name))) {
        complain(at, fmt::format("\"{}\" is not among \"secrets\": {}", name, why));
      }
    };
    const bool refreshes = manifest_.oauth->has(OAuthFlow::refresh_token);
    const bool grants = manifest_.oauth->has(OAuthFlow::client_credentials);
    if (refreshes || grants) {
      needs(client_id_secret, "tokens are asked for in the name of an app");
    }
    if (grants) {
      needs(client_secret_secret, "the flow client_credentials proves with it who asks");
    }
    if (refreshes) {
      needs(refresh_token_secret, "the flow refresh_token begins with it");
    }
    if (!grants) {
      needs(method.secret, "the access token that goes into the header");
    }
  }

  void required_headers() {
    for (std::size_t i = 0; i < manifest_.required_headers.size(); ++i) {
      const auto& header = manifest_.required_headers[i];
      const auto at = fmt::format("/requiredHeaders/{}", i);
      if (header.from_environment && header.env_key.empty()) {
        complain(at, "the member \"envKey\" is missing: which variable holds the header's value");
      } else if (!header.from_environment) {
        config_member(header.config_key, at);
      }
    }
  }

  /// Names that the manifest takes from the config must be declared there, or no config could ever give them.
  void config_member(const std::string& name, const std::string& at) {
    if (!manifest_.connection_config["properties"][std::string_view(name)].exists()) {
      complain(at, fmt::format("\"{}\" is not among the properties of /connectionConfig", name));
    }
  }

  void check_template(const std::string& text, const std::string& at) {
    const auto names = template_names(text);
    if (!names.ok()) {
      complain(at, names.error().message);
      return;
    }
    for (const auto& name : *names) {
      config_member(name, at);
    }
  }

  void templates() {
    for (std::size_t i = 0; i < manifest_.base_urls.size(); ++i) {
      const auto& variant = manifest_.base_urls[i];
      const auto at = fmt::format("/baseUrlVariants/{}", i);
      check_template(variant.base_url, at + "/baseUrl");
      check_template(variant.auth_base_url, at + "/authBaseUrl");
      check_template(variant.token_url, at + "/tokenUrl");
      for (std::size_t k = 0; k < variant.also_allowed.size(); ++k) {
        check_template(variant.also_allowed[k], fmt::format("{}/alsoAllowed/{}", at, k));
      }
    }
    for (const auto& header : manifest_.headers) {
      check_template(header.value, "/headers/" + header.name);
    }
  }

  void signs() {
    const auto& rules = manifest_.rate_limit_rules;
    for (std::size_t i = 0; i < rules.signs.size(); ++i) {
      const auto& sign = rules.signs[i];
      const auto at = fmt::format("/rateLimits/signs/{}", i);
      if (sign.wait == http::LimitSign::Wait::reset && rules.reset_header.empty()) {
        complain(at + "/wait", "\"reset\" needs /rateLimits/headers/reset");
      }
      if (!sign.header_value.empty() && sign.header.empty()) {
        complain(at + "/headerValue", "the member \"header\" is missing");
      }
    }
  }

  void oauth() {
    if (!manifest_.oauth) {
      return;
    }
    check_template(manifest_.oauth->auth_base_url, "/oauth/authBaseUrl");
    check_template(manifest_.oauth->token_url, "/oauth/tokenUrl");
    if (manifest_.oauth->has(OAuthFlow::authorization_code) && manifest_.oauth->auth_base_url.empty()) {
      complain("/oauth", "the member \"authBaseUrl\" is missing: the flow authorization_code sends people there");
    }
  }

  void object(const Object& object, const std::string& at) {
    unique(object.fields, at + "/fields", "pointer", [](const auto& field) { return field.pointer; });
    if (std::none_of(object.fields.begin(), object.fields.end(), [](const auto& field) { return field.identifier; })) {
      complain(at + "/fields", "no field is marked \"identifier\": true");
    }
    if (object.defaults.behaviour == Behaviour::delta && !object.capabilities.delta) {
      complain(at + "/defaults/behaviour", "\"delta\" needs the capability \"delta\"");
    }
    if (object.parent_only && !object.hierarchy) {
      complain(at + "/filters/parentOnly", "needs \"hierarchy\": what makes a record a child");
    }
    if (object.capabilities.actions &&
        std::none_of(manifest_.actions.begin(), manifest_.actions.end(),
                     [&object](const auto& action) { return action.object == object.key; })) {
      complain(at + "/capabilities", "\"actions\" needs an entry of /actions with this object");
    }
    parent(object, at);
    mapping(object, at + "/defaultMapping");
  }

  void action(const Action& action, const std::string& at) {
    if (action.input.string_or("/type", "") != "object") {
      complain(at + "/input", "an action takes a JSON object: \"type\": \"object\" is missing");
    }
    if (action.object.empty()) {
      return;
    }
    const Object* const object = manifest_.find_object(action.object);
    if (object == nullptr) {
      complain(at + "/object", fmt::format("\"{}\" is no object of this provider", action.object));
    } else if (!object->capabilities.actions) {
      complain(at + "/object", fmt::format("the object \"{}\" lacks the capability \"actions\"", action.object));
    }
  }

  void batch() {
    if (!manifest_.batch) {
      return;
    }
    const Batch& batch = *manifest_.batch;
    if (batch.schema.string_or("/type", "") != "object") {
      complain("/batch/file", "an account file is a JSON object: \"type\": \"object\" is missing");
    }
    unique(batch.secrets, "/batch/secrets", "from", [](const auto& secret) { return secret.from; });
    for (std::size_t i = 0; i < batch.secrets.size(); ++i) {
      if (!has_secret(batch.secrets[i].secret)) {
        complain(fmt::format("/batch/secrets/{}/secret", i),
                 fmt::format("\"{}\" is not among \"secrets\"", batch.secrets[i].secret));
      }
    }
    for (std::size_t i = 0; i < batch.settings.size(); ++i) {
      const auto at = fmt::format("/batch/settings/{}", i);
      if (batch.settings[i].form == BatchForm::members) {
        continue;
      }
      if (batch.settings[i].to.empty()) {
        complain(at, "the member \"to\" is missing: which setting is it");
      } else {
        config_member(batch.settings[i].to, at + "/to");
      }
    }
    for (std::size_t i = 0; i < batch.auth.size(); ++i) {
      if (manifest_.find_auth(batch.auth[i].method) == nullptr) {
        complain(fmt::format("/batch/auth/{}/method", i),
                 fmt::format("\"{}\" is no way of signing in of this provider", batch.auth[i].method));
      }
    }
    for (std::size_t i = 0; i < batch.objects.size(); ++i) {
      batch_object(batch, fmt::format("/batch/objects/{}", i), batch.objects[i]);
    }
  }

  void batch_object(const Batch& batch, std::string at, const std::string& key) {
    const Object* const object = manifest_.find_object(key);
    if (object == nullptr) {
      complain(std::move(at), fmt::format("\"{}\" is no object of this provider", key));
    } else if (object->parent &&
               std::find(batch.objects.begin(), batch.objects.end(), object->parent->object) == batch.objects.end()) {
      // Children are read below stored rows: without these there would never be any.
      complain(std::move(at),
               fmt::format("\"{}\" is read below \"{}\", which is missing here", key, object->parent->object));
    }
  }

  void parent(const Object& object, const std::string& at) {
    if (!object.parent) {
      return;
    }
    const Object* above = manifest_.find_object(object.parent->object);
    if (above == nullptr) {
      complain(at + "/parent/object", fmt::format("\"{}\" is no object of this provider", object.parent->object));
      return;
    }
    if (object.parent->mode == ParentMode::each && object.parent->batch != 1) {
      complain(at + "/parent/batch", "the mode \"each\" visits parents one at a time: batch must be 1");
    }
    for (std::size_t depth = 0; above != nullptr && above->parent; ++depth) {
      if (depth == max_parents || above->parent->object == object.key) {
        complain(at + "/parent/object", "the parents lead in a circle");
        return;
      }
      above = manifest_.find_object(above->parent->object);
    }
    if (above == &object) {
      complain(at + "/parent/object", "the parents lead in a circle");
    }
  }

  void mapping(const Object& object, const std::string& at) {
    for (const auto& problem : mapping_schema_.validate(object.default_mapping)) {
      complain(at + problem.pointer, problem.message);
    }
    if (const auto model = object.default_mapping["model"].as_string(); model && *model != object.model) {
      complain(at + "/model", fmt::format("\"{}\" is not the object's model, \"{}\"", *model, object.model));
    }
  }

  const Manifest& manifest_;
  const json::Schema& mapping_schema_;
  Findings& findings_;
};

} // namespace

void check_manifest(const Manifest& manifest, const json::Schema& mapping_schema, Findings& findings) {
  Checks(manifest, mapping_schema, findings).run();
}

} // namespace dovetail::manifest::detail
