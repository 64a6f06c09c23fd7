// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dovetail/sdk/sdk.hpp"
#include "xmlrpc.hpp"

namespace dovetail::odoo {

/// What Odoo said no to, by either protocol.
struct Refusal {
  enum class Kind : std::uint8_t {
    credentials, ///< AccessDenied: the key is wrong, revoked or has run out
    rights,      ///< AccessError
    business,    ///< UserError, ValidationError and their like
    no_model,    ///< the app that brings it is not installed
    no_field,    ///< the mapping asks for what is gone
    no_database,
    large_number, ///< XML-RPC has 32 bits
    conflict,     ///< with another transaction
    busy,         ///< out of memory or time
    other
  };
  Kind kind = Kind::other;
  std::string words; ///< Odoo's own: one line, never the traceback
};

/// The one line of a fault that tells: of a traceback the exception, else the first line. At most 200 bytes.
[[nodiscard]] std::string telling_line(std::string_view text);

[[nodiscard]] Refusal refusal_of_fault(const Fault& fault);
/// `exception` is the class with its module ("odoo.exceptions.AccessError").
[[nodiscard]] Refusal refusal_of_exception(int status, std::string_view exception, std::string_view message);

/// With `what` was asked for and of which model.
[[nodiscard]] sdk::Error to_error(const Refusal& refusal, std::string_view what);

/// The Error of an answer that did not even reach Odoo's protocols: redirects, proxies, a route that is switched off.
[[nodiscard]] sdk::Error http_error(const sdk::Response& response, std::string_view what);

/// Whether asking for fewer records at once may go through.
[[nodiscard]] bool smaller_may_help(const sdk::Error& error) noexcept;

} // namespace dovetail::odoo
