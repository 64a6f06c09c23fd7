// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dovetail::simulators::odoo {

struct FieldSpec {
  std::string name;
  std::string type; ///< as fields_get says it: "char", "many2one", ...
  std::string relation = {};
  /// Since this major version; 0: always.
  int since = 0;
  /// Gone from this major version on; 0: never.
  int until = 0;
  /// Users without this right neither see nor may read it; empty: everybody may.
  std::string right = {};
};

struct ModelSpec {
  std::string name;
  std::string label; ///< as refusals name it
  std::vector<FieldSpec> fields;
  int since = 0;
  /// Who lacks this right may not read the model at all; empty: everybody may.
  std::string right = {};

  [[nodiscard]] const FieldSpec* field(std::string_view wanted) const noexcept;
};

/// The models of one server, with the fields that its version has. `id` and `display_name` are among them.
[[nodiscard]] std::vector<ModelSpec> models_of(int major_version);

} // namespace dovetail::simulators::odoo
