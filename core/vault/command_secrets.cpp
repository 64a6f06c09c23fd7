// SPDX-License-Identifier: Apache-2.0
#include "core/vault/command_secrets.hpp"

#include <algorithm>
#include <utility>

#include "core/base/limits.hpp"
#include "core/json/check.hpp"
#include "core/json/scan.hpp"
#include "core/json/writer.hpp"

namespace dovetail::vault {
namespace {

constexpr std::size_t frame_bytes = 1024;
constexpr std::size_t escaped_bytes = 6; ///< the longest that one byte becomes in a JSON string
constexpr std::size_t max_names = 10'000;

/// JSON in memory that never moves, so that nothing of a secret stays behind; wiped at the end.
class RequestText {
public:
  explicit RequestText(std::size_t secret_bytes) { text.reserve(frame_bytes + escaped_bytes * secret_bytes); }
  ~RequestText() { wipe(text.data(), text.size()); }
  RequestText(const RequestText&) = delete;
  RequestText& operator=(const RequestText&) = delete;
  RequestText(RequestText&&) = delete;
  RequestText& operator=(RequestText&&) = delete;

  void member(std::string_view name, std::string_view value) {
    text += ",\"" + std::string(name) + "\":";
    json::append_quoted(text, value);
  }

  std::string text;
};

Error bad_answer(std::string_view verb, std::string_view what) {
  return internal("The secret command answered `" + std::string(verb) +
                  "` with something else than it should: " + std::string(what) + ".");
}

Result<std::int64_t> version_of(std::string_view verb, std::string_view answer) {
  const auto version = json::find_at(answer, "/version");
  if (!version.ok() || version->kind != json::Kind::integer || version->integer < 1) {
    return bad_answer(verb, "\"version\" must be a whole number of at least 1");
  }
  return version->integer;
}

} // namespace

Result<Secret> CommandSecrets::run(std::string_view verb, const SecretAddress& address,
                                   std::string_view further_members) {
  DOVETAIL_TRY(const ConnectionNames names, names_of_(address.tenant, address.connection));
  RequestText request(further_members.size());
  // Ids are texts, as they do not fit the doubles that many JSON readers make of numbers.
  request.text = "{\"protocol\":1";
  request.member("tenant", names.tenant);
  request.member("connection", names.connection);
  request.member("tenant_id", std::to_string(address.tenant.value));
  request.member("connection_id", std::to_string(address.connection.value));
  if (!address.name.empty()) {
    request.member("name", address.name);
  }
  request.text += further_members;
  request.text += '}';
  Command command = command_;
  command.words.emplace_back(verb);
  auto done = run_command(command, Secret(std::string_view(request.text)));
  if (!done.ok()) {
    Error error = std::move(done).error();
    error.retry = error.code == ErrorCode::failed_precondition ? RetryClass::never : RetryClass::transient;
    return error;
  }
  if (done->status == 0) {
    if (!json::check(done->output.reveal()).ok()) {
      return bad_answer(verb, "its standard output must be one JSON object");
    }
    return std::move(done->output);
  }
  const auto code = error_code_from_number(done->status - command_status_base);
  Error error;
  error.code = code.value_or(ErrorCode::internal);
  if (error.code == ErrorCode::unauthenticated) {
    // The command's own sign-in: whoever uses secrets would take it for the provider's word.
    error.code = ErrorCode::permission_denied;
  }
  error.retry = error.code == ErrorCode::unavailable ? RetryClass::transient : RetryClass::never;
  error.message = "The secret command ended `" + std::string(verb) + "` of " +
                  (address.name.empty() ? std::string("the names") : "the secret \"" + address.name + "\"") + " for " +
                  names.tenant + "/" + names.connection + " with status " + std::to_string(done->status) + " (" +
                  std::string(to_string(error.code)) + ").";
  return error;
}

Result<LoadedSecret> CommandSecrets::load(const SecretAddress& address) {
  DOVETAIL_TRY_STATUS(check_address(address));
  DOVETAIL_TRY(const Secret answer, run("load", address));
  const auto found = json::find_at(answer.reveal(), "/secret");
  if (!found.ok() || found->kind != json::Kind::string) {
    return bad_answer("load", "\"secret\" must be a text");
  }
  // With the room reserved, unescaping reallocates nothing and leaves no copy behind.
  std::string scratch;
  scratch.reserve(found->raw.size());
  DOVETAIL_TRY(const std::string_view value, json::unescape(found->raw, scratch));
  LoadedSecret loaded{.secret = Secret(value), .version = 0};
  wipe(scratch.data(), scratch.size());
  if (loaded.secret.empty() || loaded.secret.size() > limits::max_secret_bytes) {
    return bad_answer("load", "\"secret\" must have 1 to " + std::to_string(limits::max_secret_bytes) + " bytes");
  }
  DOVETAIL_TRY(loaded.version, version_of("load", answer.reveal()));
  return loaded;
}

Result<std::int64_t> CommandSecrets::save(const SecretAddress& address, const Secret& secret,
                                          std::optional<std::int64_t> expected_version) {
  DOVETAIL_TRY_STATUS(check_address(address));
  if (secret.empty() || secret.size() > limits::max_secret_bytes) {
    return invalid_argument("The secret \"" + address.name + "\" must have 1 to " +
                            std::to_string(limits::max_secret_bytes) + " bytes.");
  }
  RequestText further(secret.size());
  further.text = ",\"expected_version\":" + (expected_version ? std::to_string(*expected_version) : "null");
  further.member("secret", secret.reveal());
  DOVETAIL_TRY(const Secret answer, run("save", address, further.text));
  return version_of("save", answer.reveal());
}

Result<bool> CommandSecrets::remove(const SecretAddress& address) {
  DOVETAIL_TRY_STATUS(check_address(address));
  auto answer = run("remove", address);
  if (!answer.ok()) {
    return answer.error().code == ErrorCode::not_found ? Result<bool>(false) : std::move(answer).error();
  }
  return true;
}

Result<std::vector<std::string>> CommandSecrets::names(TenantId tenant, ConnectionId connection) {
  DOVETAIL_TRY(const Secret answer, run("names", {.tenant = tenant, .connection = connection, .name = {}}));
  const std::string_view self = "";
  DOVETAIL_TRY(const auto elements, json::PointerSet::compile(std::span(&self, 1)));
  std::vector<std::string> names;
  bool good = true;
  const auto visited = json::for_each(answer.reveal(), "/names", elements, [&](std::size_t index, auto values) {
    const json::Found& found = values.front();
    std::string scratch;
    const auto name = found.kind == json::Kind::string ? json::unescape(found.raw, scratch)
                                                       : Result<std::string_view>(std::string_view());
    good = index < max_names && name.ok() && check_name("secret", *name).ok();
    if (good) {
      names.emplace_back(*name);
    }
    return good;
  });
  if (!visited.ok() || !good) {
    return bad_answer("names",
                      "\"names\" must be an array of up to " + std::to_string(max_names) + " names of secrets");
  }
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace dovetail::vault
