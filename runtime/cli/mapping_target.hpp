// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/manifest/manifest.hpp"
#include "core/model/model.hpp"
#include "core/store/connection_repository.hpp"
#include "core/store/tenant_repository.hpp"
#include "core/sync/account_fields.hpp"
#include "core/sync/mapping_service.hpp"
#include "runtime/cli/options.hpp"

namespace dovetail::cli {

class App;

/// One object of a connection with all that its mapping is about.
struct MappedObject {
  store::TenantRecord tenant;
  store::ConnectionRecord connection;
  const manifest::Object* object = nullptr;
  const model::Model* model = nullptr;

  [[nodiscard]] sync::MappingService mappings(store::Database& database) const;
  /// The fields that the account has now; nullopt when its provider has no discovery for the object.
  [[nodiscard]] Result<std::optional<sync::AccountFields>> ask_account(App& app) const;
  /// "main of acme: project"
  [[nodiscard]] std::string place() const;
};

/// The options that name an object of a connection.
struct ObjectOption {
  std::string tenant;
  std::string connection;
  std::string object;

  /// `object_required`: without it the verb is for one object only.
  void declare(Options& options, bool object_required = true);
  /// Errors (not_found) name what there is.
  [[nodiscard]] Result<MappedObject> find(App& app) const;
  /// All objects of the connection; the one that was named, if one was.
  [[nodiscard]] Result<std::vector<MappedObject>> find_all(App& app) const;
};

} // namespace dovetail::cli
