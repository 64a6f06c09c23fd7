// SPDX-License-Identifier: Apache-2.0
#include "refusal.hpp"

#include <array>
#include <utility>

namespace dovetail::odoo {

using namespace sdk;

namespace {

constexpr std::size_t longest_quote = 200;

/// Texts by which fault 1, "any other exception", is told apart.
constexpr std::array<std::pair<std::string_view, Refusal::Kind>, 11> signs{{
    {"could not serialize access", Refusal::Kind::conflict},
    {"deadlock detected", Refusal::Kind::conflict},
    {"Invalid field", Refusal::Kind::no_field},
    {"int exceeds XML-RPC limits", Refusal::Kind::large_number},
    {"MemoryError", Refusal::Kind::busy},
    {"statement timeout", Refusal::Kind::busy},
    {"time limit", Refusal::Kind::busy},
    {"OverflowError", Refusal::Kind::large_number},
    {"doesn't exist", Refusal::Kind::no_model},
    {"does not exist", Refusal::Kind::no_model},
    {"AccessDenied", Refusal::Kind::credentials},
}};

std::string_view trim(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  return line;
}

std::string cut(std::string_view line) {
  line = trim(line);
  if (line.size() > longest_quote) {
    line = line.substr(0, longest_quote);
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U) {
      line.remove_suffix(1);
    }
    if (!line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0U) {
      line.remove_suffix(1);
    }
  }
  return printable(line);
}

Refusal::Kind kind_by_text(std::string_view text) {
  const auto database = text.find("database \"");
  if (database != std::string_view::npos && text.find("does not exist", database) != std::string_view::npos) {
    return Refusal::Kind::no_database;
  }
  for (const auto& [sign, kind] : signs) {
    if (text.find(sign) != std::string_view::npos) {
      return kind;
    }
  }
  return Refusal::Kind::other;
}

struct Meaning {
  Code code;
  Retry retry;
  std::string_view advice;
};

Meaning meaning_of(Refusal::Kind kind) {
  switch (kind) {
  case Refusal::Kind::credentials:
    return {Code::unauthenticated, Retry::never,
            "the key is wrong, was revoked or has run out: make a new one in Odoo (Preferences, Account Security) and "
            "give it to the connection"};
  case Refusal::Kind::rights:
    return {Code::permission_denied, Retry::never, "give the connection's user these rights in Odoo"};
  case Refusal::Kind::business:
    return {Code::failed_precondition, Retry::never, "settle this in Odoo"};
  case Refusal::Kind::no_model:
    return {Code::not_found, Retry::never, "install the app that brings this model, or leave the object out"};
  case Refusal::Kind::no_field:
    return {Code::failed_precondition, Retry::never,
            "the model has changed: a new read asks again which fields there are; if that fails too, take the field "
            "out of the mapping"};
  case Refusal::Kind::no_database:
    return {Code::failed_precondition, Retry::never, "correct \"database\" in the connection's config"};
  case Refusal::Kind::large_number:
    return {Code::failed_precondition, Retry::never,
            "a number is too large for XML-RPC: use JSON-2 (Odoo 19 with an API key), or take the field out of the "
            "mapping"};
  case Refusal::Kind::conflict:
    return {Code::aborted, Retry::transient, "it conflicted with another change: try again"};
  case Refusal::Kind::busy:
    return {Code::unavailable, Retry::transient,
            "the server ran out of time or memory: try again, or lower \"batchSize\""};
  case Refusal::Kind::other:
    break;
  }
  return {Code::unavailable, Retry::transient, "Odoo has a problem of its own: try again, and look into its log"};
}

} // namespace

std::string telling_line(std::string_view text) {
  const bool traceback = text.find("Traceback (most recent call last):") != std::string_view::npos;
  std::string_view told;
  bool indented = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool inside = line.starts_with(' ');
    if (trim(line).empty()) {
      indented = false;
      continue;
    }
    if (!traceback) {
      return cut(line);
    }
    // The exception stands behind the last frame; its message may have more lines.
    if (!inside && indented) {
      told = line;
    }
    indented = inside;
  }
  return cut(told);
}

Refusal refusal_of_fault(const Fault& fault) {
  Refusal refusal;
  refusal.words = telling_line(fault.text);
  switch (fault.code) {
  case 2:
    refusal.kind = fault.text.starts_with("Object ") && fault.text.find("doesn't exist") != std::string::npos
                       ? Refusal::Kind::no_model
                       : Refusal::Kind::business;
    break;
  case 3:
    refusal.kind = Refusal::Kind::credentials;
    break;
  case 4:
    refusal.kind = Refusal::Kind::rights;
    break;
  default:
    refusal.kind = kind_by_text(fault.text);
  }
  // The driver's message names the database server's address.
  if (refusal.kind == Refusal::Kind::no_database) {
    refusal.words = "the database does not exist";
  }
  return refusal;
}

Refusal refusal_of_exception(int status, std::string_view exception, std::string_view message) {
  Refusal refusal;
  refusal.words = telling_line(message);
  const auto is = [exception](std::string_view name) { return exception.ends_with(name); };
  if (status == 401 || is(".AccessDenied") || is(".Unauthorized")) {
    refusal.kind = Refusal::Kind::credentials;
  } else if (status == 403 || is(".AccessError")) {
    refusal.kind = Refusal::Kind::rights;
  } else if (status == 404) {
    refusal.kind = Refusal::Kind::no_model;
  } else if (status == 409) {
    refusal.kind = Refusal::Kind::conflict;
  } else if (status == 422) {
    refusal.kind = Refusal::Kind::business;
  } else {
    refusal.kind = kind_by_text(std::string(exception) + ": " + std::string(message));
  }
  return refusal;
}

Error to_error(const Refusal& refusal, std::string_view what) {
  const auto meaning = meaning_of(refusal.kind);
  std::string message = std::string(what) + ": Odoo refused";
  if (!refusal.words.empty()) {
    message += " (\"" + refusal.words + "\")";
  }
  return make_error(meaning.code, message + "; " + std::string(meaning.advice), meaning.retry);
}

Error http_error(const Response& response, std::string_view what) {
  Error error = response.to_error(what);
  if (response.status() >= 300 && response.status() < 400) {
    error.code = Code::failed_precondition;
    error.message = std::string(what) + ": the server answered " + std::to_string(response.status()) +
                    " and leads elsewhere; give the connection the address that it leads to";
  } else if (response.status() == 404) {
    error.message =
        std::string(what) + ": the server answered 404: this address speaks no such protocol, or it was switched off";
  }
  return error;
}

bool smaller_may_help(const Error& error) noexcept {
  return error.retry != Retry::rate_limited &&
         (error.code == Code::unavailable || error.code == Code::aborted || error.code == Code::deadline_exceeded ||
          error.code == Code::out_of_range || error.code == Code::data_loss);
}

} // namespace dovetail::odoo
