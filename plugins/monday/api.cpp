// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <utility>

#include "errors.hpp"

namespace dovetail::monday {
namespace {

using namespace sdk;

constexpr std::string_view path = "/v2";

std::string body_of(std::string_view document, std::string_view variables) {
  return JsonWriter().open_object().member("query", document).name("variables").raw(variables).close().take();
}

Error no_json(const Response& response, std::string_view what, const Error& reason) {
  if (!response.is_success()) {
    return response.to_error(what);
  }
  Error error = make_error(Code::unavailable,
                           std::string(what) + ": monday answered something that is no JSON (" + reason.message + ")",
                           Retry::transient);
  error.http_status = response.status();
  return error;
}

Result<Answer> judge(Context& context, Response response, std::string_view what) {
  auto body = response.json();
  if (!body.ok()) {
    return no_json(response, what, body.error());
  }
  auto refusal = refusal_in(context, response, *body, what);
  if (refusal && refusal->trouble == Trouble::none) {
    return std::move(refusal->error);
  }
  if (refusal) {
    return Answer{std::move(response), std::move(*body), refusal->trouble, std::move(refusal->error)};
  }
  if (!response.is_success()) {
    return response.to_error(what);
  }
  DVT_TRY(const auto data, body->at("/data"));
  if (data.kind() != JsonValue::Kind::object) {
    Error error = make_error(Code::unavailable, std::string(what) + ": monday's answer holds neither data nor errors",
                             Retry::transient);
    error.http_status = response.status();
    return error;
  }
  return Answer{std::move(response), std::move(*body)};
}

Result<Answer> plain(Result<Answer> answer) {
  if (answer.ok() && answer->trouble != Trouble::none) {
    return std::move(answer->error);
  }
  return answer;
}

} // namespace

Result<Answer> ask(Context& context, std::string_view document, std::string_view variables, std::string_view what) {
  DVT_TRY(auto response,
          context.send(
              Request::post(std::string(path)).body("application/json", body_of(document, variables)).repeatable()));
  return judge(context, std::move(response), what);
}

Result<Answer> ask_plainly(Context& context, std::string_view document, std::string_view variables,
                           std::string_view what) {
  return plain(ask(context, document, variables, what));
}

Result<Answer> change(Context& context, std::string_view document, std::string_view variables,
                      std::string_view idempotency_key, std::string_view field, std::string_view what) {
  // With the key a second attempt gets the first one's answer, so the host may repeat what got lost on the way.
  DVT_TRY(auto response, context.send(Request::post(std::string(path))
                                          .body("application/json", body_of(document, variables))
                                          .header("Idempotency-Key", idempotency_key)
                                          .repeatable()));
  if (response.is_success()) {
    auto body = response.json();
    const std::string id = "/data/" + std::string(field) + "/id";
    if (body.ok() && !body->string_or(id, "").empty()) {
      if (const auto refusal = refusal_in(context, response, *body, what)) {
        context.warning(refusal->error.message + "; the change itself was made");
      }
      return Answer{std::move(response), std::move(*body)};
    }
  }
  return plain(judge(context, std::move(response), what));
}

std::optional<Complexity> complexity_of(const Json& body) {
  Complexity complexity;
  complexity.query = body.integer_or("/data/complexity/query", -1);
  complexity.after = body.integer_or("/data/complexity/after", -1);
  complexity.reset = std::chrono::seconds(body.integer_or("/data/complexity/reset_in_x_seconds", 60));
  return complexity.query < 0 || complexity.after < 0 ? std::nullopt : std::optional(complexity);
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

} // namespace dovetail::monday
