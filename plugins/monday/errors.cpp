// SPDX-License-Identifier: Apache-2.0
#include "errors.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace dovetail::monday {
namespace {

using namespace sdk;
using std::chrono::seconds;

constexpr std::size_t longest_quote = 200;
constexpr std::size_t longest_code = 60;
constexpr std::int64_t longest_wait_s = 86'400;

struct Meaning {
  std::string_view sign; ///< an error's code, or how its message begins
  Code code;
  Retry retry;
  std::string_view advice;
  seconds wait{0}; ///< where the answer names none
};

// Section "Errors" of the API's documentation, and what others have seen of it (docs/providers/monday.md). Codes first, then texts of answers
// without one.
constexpr std::array<Meaning, 44> meanings = {{
    {"COMPLEXITY_BUDGET_EXHAUSTED", Code::resource_exhausted, Retry::rate_limited,
     "this minute's complexity is used up", seconds(60)},
    {"ComplexityException", Code::resource_exhausted, Retry::rate_limited, "this minute's complexity is used up",
     seconds(60)},
    {"MINUTE_RATE_LIMIT_EXCEEDED", Code::resource_exhausted, Retry::rate_limited, "too many calls this minute",
     seconds(60)},
    {"RATE_LIMIT_EXCEEDED", Code::resource_exhausted, Retry::rate_limited, "too many calls this minute", seconds(60)},
    {"FIELD_MINUTE_RATE_LIMIT_EXCEEDED", Code::resource_exhausted, Retry::rate_limited,
     "too many formula or mirror values this minute", seconds(10)},
    {"maxConcurrencyExceeded", Code::resource_exhausted, Retry::rate_limited,
     "too many calls at once: lower maxConcurrentPerConnection", seconds(5)},
    {"IP_RATE_LIMIT_EXCEEDED", Code::resource_exhausted, Retry::rate_limited, "too many calls from this address",
     seconds(10)},
    {"tooManyRequests", Code::resource_exhausted, Retry::rate_limited, "a service behind the API asks for patience",
     seconds(10)},
    {"API_TEMPORARILY_BLOCKED", Code::unavailable, Retry::rate_limited,
     "the API is blocked for the moment: see status.monday.com", seconds(60)},
    {"FIELD_LIMIT_EXCEEDED", Code::failed_precondition, Retry::never, "map at most five formula columns"},
    {"IDEMPOTENCY_CONFLICT", Code::aborted, Retry::transient, "the same change is under way: try again", seconds(5)},
    {"Unauthorized", Code::unauthenticated, Retry::never, "the token was refused: connect again"},
    {"NOT_AUTHENTICATED", Code::unauthenticated, Retry::never, "the token was refused: connect again"},
    {"UserUnauthorizedException", Code::permission_denied, Retry::never,
     "the token's user may not do this: ask the board's owner for access"},
    {"USER_UNAUTHORIZED", Code::permission_denied, Retry::never,
     "the token's user may not do this: ask the board's owner for access"},
    {"USER_ACCESS_DENIED", Code::permission_denied, Retry::never,
     "the token's user may not do this: ask the board's owner for access"},
    {"missingRequiredPermissions", Code::permission_denied, Retry::never,
     "the token lacks a scope: connect again and agree to it"},
    {"UNAUTHORIZED_FIELD_OR_TYPE", Code::permission_denied, Retry::never,
     "the token lacks a scope: connect again and agree to it"},
    {"ResourceNotFoundException", Code::not_found, Retry::never, "it does not exist, or the token may not see it"},
    {"InvalidBoardIdException", Code::invalid_argument, Retry::never,
     "check the board's id in the connection's config"},
    {"InvalidColumnIdException", Code::invalid_argument, Retry::never,
     "check the columns in the connection's config (connection discover lists them)"},
    {"InvalidUserIdException", Code::invalid_argument, Retry::never, "there is no such user"},
    {"InvalidItemIdException", Code::invalid_argument, Retry::never, "there is no such item"},
    {"InvalidArgumentException", Code::invalid_argument, Retry::never, "check the connection's config"},
    {"ColumnValueException", Code::invalid_argument, Retry::never, "the column does not take this value"},
    {"CorrectedValueException", Code::invalid_argument, Retry::never, "the column does not take this value"},
    {"ItemNameTooLongException", Code::invalid_argument, Retry::never, "an item's name has 1 to 255 characters"},
    {"RecordInvalidException", Code::invalid_argument, Retry::never, "the board does not take this value"},
    {"ItemsLimitationException", Code::failed_precondition, Retry::never,
     "the board is full (10,000 items): archive some"},
    {"DeleteLastGroupException", Code::failed_precondition, Retry::never, "a board keeps its last group"},
    {"InvalidVersionException", Code::failed_precondition, Retry::never,
     "set \"apiVersion\" in the connection's config to a version that the API still has"},
    {"JsonParseException", Code::internal, Retry::never,
     "this is a defect of the plugin: report it with the request's id"},
    {"GRAPHQL_VALIDATION_FAILED", Code::internal, Retry::never,
     "the API version does not know what the plugin asks for: check \"apiVersion\""},
    {"GRAPHQL_PARSE_FAILED", Code::internal, Retry::never,
     "this is a defect of the plugin: report it with the request's id"},
    {"INTERNAL_SERVER_ERROR", Code::unavailable, Retry::transient, "the provider has a problem: try again later"},
    {"Not Authenticated", Code::unauthenticated, Retry::never, "the token was refused: connect again"},
    {"Your ip is restricted", Code::permission_denied, Retry::never,
     "the account allows other addresses only: have this one added in its settings"},
    {"Complexity budget exhausted", Code::resource_exhausted, Retry::rate_limited,
     "this minute's complexity is used up", seconds(60)},
    {"Rate Limit Exceeded", Code::resource_exhausted, Retry::rate_limited, "too many calls this minute", seconds(60)},
    {"Minute limit rate exceeded", Code::resource_exhausted, Retry::rate_limited, "too many calls this minute",
     seconds(60)},
    {"Resource is currently locked", Code::aborted, Retry::transient, "somebody else changes the board: try again",
     seconds(5)},
    {"Internal server error", Code::unavailable, Retry::transient, "the provider has a problem: try again later"},
    {"Field '", Code::internal, Retry::never,
     "the API version does not know what the plugin asks for: check \"apiVersion\""},
    {"Parse error", Code::internal, Retry::never, "this is a defect of the plugin: report it with the request's id"},
}};

/// One error of an answer, in whatever form it came.
struct Said {
  std::string code;
  std::string message;
  std::string column;
  std::int64_t status = 0;
  std::int64_t wait_s = -1;
  std::int64_t cost = 0;
  std::int64_t most = 0;
};

std::optional<Said> first_error(const Json& body) {
  Said said;
  if (const auto errors = body.at("/errors"); errors.ok() && errors->size() > 0) {
    const std::string at = errors->kind() == JsonValue::Kind::array ? "/errors/0" : "/errors";
    const auto whole = body.at(at);
    said.message = whole.ok() && whole->string() ? *whole->string() : body.string_or(at + "/message", "");
    said.code = body.string_or(at + "/extensions/code", "");
    said.status = body.integer_or(at + "/extensions/status_code", 0);
    said.wait_s = body.integer_or(at + "/extensions/retry_in_seconds", -1);
    said.column = body.string_or(at + "/extensions/error_data/column_id", "");
    said.cost = body.integer_or(at + "/extensions/complexity", 0);
    said.most = body.integer_or(at + "/extensions/complexity_budget_limit", 0);
  } else if (body.string_or("/error_code", "").empty() && body.string_or("/error_message", "").empty()) {
    return std::nullopt;
  }
  if (said.code.empty()) {
    said.code = body.string_or("/error_code", "");
  }
  if (said.message.empty()) {
    said.message = body.string_or("/error_message", said.code);
  }
  if (said.status == 0) {
    said.status = body.integer_or("/status_code", 0);
  }
  return said;
}

const Meaning* meaning_of(const Said& said) {
  const auto by_code = std::find_if(meanings.begin(), meanings.end(), [&](const Meaning& meaning) {
    return detail::equals_ignoring_case(meaning.sign, said.code);
  });
  if (by_code != meanings.end()) {
    return &*by_code;
  }
  const auto by_text = std::find_if(meanings.begin(), meanings.end(), [&](const Meaning& meaning) {
    return said.message.size() >= meaning.sign.size() &&
           detail::equals_ignoring_case(std::string_view(said.message).substr(0, meaning.sign.size()), meaning.sign);
  });
  return by_text == meanings.end() ? nullptr : &*by_text;
}

/// The daily quota begins anew at midnight UTC.
seconds until_midnight(Timestamp now) {
  const auto tomorrow = std::chrono::ceil<std::chrono::days>(now + std::chrono::microseconds(1));
  return std::chrono::ceil<seconds>(tomorrow - now);
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Trouble trouble_of(const Said& said) {
  if (contains(said.code, "Cursor") || contains(said.code, "CURSOR") ||
      (contains(said.message, "ursor") && (contains(said.message, "expired") || contains(said.message, "invalid")))) {
    return Trouble::cursor_gone;
  }
  const bool complexity = contains(said.code, "COMPLEXITY") || contains(said.code, "Complexity");
  return complexity && ((said.most > 0 && said.cost > said.most) || contains(said.message, "exceeds max"))
             ? Trouble::too_complex
             : Trouble::none;
}

Error error_of(const Context& context, const Response& response, const Said& said, std::string_view what) {
  const Meaning* known = meaning_of(said);
  const int status = said.status > 0 ? static_cast<int>(said.status) : response.status();
  const auto by_status = detail::meaning_of(status);
  Error error = make_error(known != nullptr ? known->code : by_status.code, std::string(what) + ": monday answered",
                           known != nullptr ? known->retry : by_status.retry);
  if (!said.code.empty()) {
    error.message += " " + said.code.substr(0, longest_code);
  }
  error.message += " (\"" + said.message.substr(0, longest_quote) + "\")";
  if (!said.column.empty()) {
    error.message += " on the column \"" + said.column.substr(0, longest_code) + "\"";
  }
  error.message += "; " + std::string(known != nullptr ? known->advice : by_status.advice);
  error.http_status = status;
  seconds wait = known != nullptr && said.wait_s < 0 ? known->wait : seconds(0);
  if (said.wait_s >= 0) {
    wait = std::max(wait, seconds(std::min(said.wait_s, longest_wait_s)));
  }
  if (const auto header = parse_integer(response.header_or("Retry-After", "")); header && *header > 0) {
    wait = std::max(wait, seconds(std::min(*header, longest_wait_s)));
  }
  if (said.code == "DAILY_LIMIT_EXCEEDED") {
    error.code = Code::resource_exhausted;
    error.retry = Retry::rate_limited;
    error.message =
        std::string(what) + ": the account's calls of this day are used up; they begin anew at midnight UTC";
    wait = std::max(wait, until_midnight(context.now()));
  }
  if (error.retry != Retry::never) {
    error.retry_after = wait;
  }
  return error;
}

} // namespace

std::optional<Refusal> refusal_in(const Context& context, const Response& response, const Json& body,
                                  std::string_view what) {
  const auto said = first_error(body);
  if (!said) {
    return std::nullopt;
  }
  Refusal refusal{error_of(context, response, *said, what), trouble_of(*said)};
  refusal.error.provider_request_id = body.string_or("/extensions/request_id", response.header_or("X-Request-Id", ""));
  return refusal;
}

} // namespace dovetail::monday
