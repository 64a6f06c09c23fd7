// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dovetail::bqe {
namespace {

using namespace sdk;

constexpr std::size_t longest_quote = 200;
constexpr int partial = 207;

/// The text of the first member whose name is one of `names`, in their order, without regard to case.
std::string member_of(const Json& body, std::string_view container, const std::vector<std::string>& names) {
  std::string found;
  std::size_t best = names.size();
  const Status visited = body.for_each(container, {""}, [&](const JsonElement& member) {
    const auto value = member[0];
    if (value.kind() != JsonValue::Kind::string && value.kind() != JsonValue::Kind::integer) {
      return;
    }
    const auto name = std::find_if(names.begin(), names.end(), [&member](const std::string& one) {
      return detail::equals_ignoring_case(one, member.key());
    });
    const auto place = static_cast<std::size_t>(name - names.begin());
    if (place < best) {
      best = place;
      found = value.text().substr(0, longest_quote);
    }
  });
  return visited.ok() ? found : std::string();
}

struct Said {
  std::string code;
  std::string key;
  std::string message;
};

Said what_it_said(const Settings& settings, const Response& response) {
  Said said;
  const auto body = response.json();
  if (!body.ok()) {
    return said;
  }
  const auto root = body->at("");
  if (root.ok() && root->kind() == JsonValue::Kind::string) {
    said.message = root->text().substr(0, longest_quote);
    return said;
  }
  for (const std::string_view container : {"", "/error"}) {
    const auto there = body->at(container);
    if (!there.ok() || there->kind() != JsonValue::Kind::object) {
      continue;
    }
    const auto take = [&](std::string& into, const std::vector<std::string>& names) {
      if (into.empty()) {
        into = member_of(*body, container, names);
      }
    };
    take(said.code, settings.code_keys);
    take(said.key, settings.key_keys);
    take(said.message, settings.message_keys);
  }
  return said;
}

Error with_meaning(Error error, const Said& said) {
  if (error.http_status != 409) {
    return error;
  }
  const auto is = [&said](std::string_view key) { return detail::equals_ignoring_case(said.key, key); };
  if (is("MsgPermissions")) {
    error.code = Code::permission_denied;
    error.retry = Retry::never;
    error.message += "; the user who connected lacks the permission in BQE CORE's security profile: grant it, or "
                     "connect as another user";
  } else if (is("OutDatedModel")) {
    error.message += "; the record was changed by somebody else: read it again";
  } else {
    error.code = Code::failed_precondition;
    error.retry = Retry::never;
    error.message += "; a rule of BQE CORE forbids it";
  }
  return error;
}

} // namespace

Error error_of(const Settings& settings, const Response& response, std::string_view what) {
  const int status = response.status();
  const auto meaning = detail::meaning_of(status);
  const Said said = what_it_said(settings, response);
  Error error =
      make_error(meaning.code, std::string(what) + ": BQE CORE answered " + std::to_string(status), meaning.retry);
  error.http_status = status;
  error.provider_request_id = response.header_or("X-Request-Id", "");
  if (const auto seconds = parse_integer(response.header_or("Retry-After", ""));
      seconds && *seconds >= 0 && *seconds < 86'400) {
    error.retry_after = std::chrono::seconds(*seconds);
  }
  std::string quoted;
  for (const auto& part : {said.code, said.key, said.message}) {
    quoted += part.empty() ? "" : (quoted.empty() ? "" : " ") + part;
  }
  if (!quoted.empty()) {
    error.message += " (\"" + quoted + "\")";
  }
  if (status == 409) {
    return with_meaning(std::move(error), said);
  }
  error.message += "; " + std::string(meaning.advice);
  if (status == 403 &&
      response.header_or("WWW-Authenticate", "").find("insufficient_scope") != std::string_view::npos) {
    error.message += "; the token lacks a scope: connect again with read:core";
  }
  return error;
}

Result<ListAnswer> get_list(const Context& context, const Settings& settings, const Url& url, std::string_view what) {
  ListAnswer answer;
  DVT_TRY(auto response, context.send(Request::get(url)));
  const int status = response.status();
  if (std::find(settings.end_statuses.begin(), settings.end_statuses.end(), status) != settings.end_statuses.end()) {
    return answer;
  }
  if (status == partial) {
    // Some fields are missing from all rows: to store them would make nulls of values that are there.
    Error error =
        make_error(Code::data_loss,
                   std::string(what) + ": BQE CORE served only a part of the fields that were asked for (207); "
                                       "if this stays so, take fields out of the mapping until it serves all",
                   Retry::transient);
    error.http_status = status;
    return error;
  }
  if (!response.is_success()) {
    return error_of(settings, response, what);
  }
  auto json = response.json();
  if (!json.ok()) {
    return make_error(Code::unavailable,
                      std::string(what) + ": BQE CORE answered something that is no JSON (" + json.error().message +
                          ")",
                      Retry::transient);
  }
  for (const auto& pointer : settings.list_paths) {
    DVT_TRY(const auto rows, json->at(pointer));
    if (rows.kind() == JsonValue::Kind::array) {
      answer.pointer = pointer;
      answer.json.emplace(std::move(json).value());
      answer.response.emplace(std::move(response));
      return answer;
    }
  }
  return make_error(Code::data_loss,
                    std::string(what) + ": BQE CORE's answer holds no list: the manifest's settings say in "
                                        "list.paths where it is looked for",
                    Retry::transient);
}

std::string at_or_after(const Settings& settings, std::string_view field, std::string_view literal) {
  return std::string(field) + settings.changed_operator + settings.quote + std::string(literal) +
         settings.literal_suffix + settings.quote;
}

std::string literal_of(Timestamp time) {
  std::string text = format_iso8601(std::chrono::floor<std::chrono::seconds>(time));
  text.pop_back(); // the Z
  return text;
}

} // namespace dovetail::bqe
