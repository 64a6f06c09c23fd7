// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/json/writer.hpp"
#include "core/manifest/connection.hpp"
#include "core/manifest/manifest.hpp"
#include "core/manifest/rate_limits.hpp"
#include "runtime/batch/account_files.hpp"

namespace dovetail::batch {

/// A secret that the connection is to have, and where it was found.
struct PlannedSecret {
  std::string name;
  Secret value;
  std::string pointer;  ///< in the account file; empty: it is not there
  std::string variable; ///< else the environment variable
};

/// Where a secret could be put that nobody gave.
struct MissingSecret {
  std::string name;
  std::string advice; ///< "put it into the file at /api_key or set the variable ACME_KEY"
};

/// What an account file asks for, checked: everything is known that can be known without a call (SYNC-15). The manifest must outlive it.
struct Plan {
  explicit Plan(manifest::Connection resolved_connection) : resolved(std::move(resolved_connection)) {}

  const manifest::Manifest* provider = nullptr;
  std::string tenant;     ///< the file's name without its ending
  std::string connection; ///< what the connection is called: the provider's key
  std::string config;     ///< the connection's config, a JSON object
  manifest::Connection resolved;
  std::vector<PlannedSecret> secrets;
  std::vector<MissingSecret> missing; ///< which the way of signing in needs
  std::vector<std::pair<std::string, std::string>> columns;
  std::vector<std::string> ignored; ///< members of the file that nothing asks for

  std::filesystem::path file;
  bool encrypted = false;
  Secret stored; ///< the file as it stands
  Secret opened; ///< its JSON object, decrypted if need be

  [[nodiscard]] const PlannedSecret* find_secret(std::string_view name) const noexcept;
  [[nodiscard]] bool renews_tokens() const noexcept { return resolved.auth->kind == manifest::AuthKind::oauth2; }
};

struct PlanParts {
  const manifest::Manifest& provider; ///< one with a batch mode
  manifest::Environment environment;
  Redactor& redactor; ///< is told every secret
};

/// Reads an account file. Nothing is called, nothing is written. The Error says what is wrong with the file, where (JSON pointer) and what to do, without
/// any value of it: invalid_argument (the file's name; no JSON; not what the manifest's schema asks for; settings that do not fit the provider),
/// failed_precondition (placeholders; an encrypted file without a key), and those of vault::open_fernet_wrapper.
[[nodiscard]] Result<Plan> make_plan(const PlanParts& parts, std::string_view name, const AccountFile& file);

/// Writes the members of a report that tell the plan: connection, settings, secrets by name, and the operations in their order.
void write_plan(json::Writer& writer, const Plan& plan);

} // namespace dovetail::batch
