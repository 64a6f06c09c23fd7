// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/host_call.hpp"
#include "dovetail/abi/discovery.h"

namespace dovetail::plugin {

/// One of the values that a field can have.
struct FieldOption {
  std::string value; ///< a scalar as JSON
  std::string label; ///< "" = the value speaks for itself
};

/// A field of an object that only the account knows; see dvt_field. Checked.
struct DiscoveredField {
  std::string key;
  std::string scope;
  std::string source; ///< a JSON pointer, or a mapping source as a JSON object
  std::string label;
  std::string type; ///< one word of the local models' types
  std::string provider_type;
  std::vector<FieldOption> options;
  bool nullable = false;
  bool identifier = false;
  bool read_only = false;
};

/// What one discovery may tell.
struct DiscoveryLimits {
  static constexpr std::size_t fields = 10'000;
  static constexpr std::size_t bytes = std::size_t{4} << 20U; ///< of all fields together
  static constexpr std::size_t name_bytes = 256;              ///< key, scope, provider_type
  static constexpr std::size_t source_bytes = 4096;
  static constexpr std::size_t label_bytes = 1024;
  static constexpr std::size_t options = 1000;
  static constexpr std::size_t options_bytes = std::size_t{64} << 10U;
};

/// Stands behind the dvt_field_sink of one discovery and holds the plugin to its rules. Lives as long as the frame; not thread-safe.
class FieldCollector {
public:
  explicit FieldCollector(HostCall& frame);

  [[nodiscard]] const dvt_field_sink* raw() const noexcept { return &sink_; }
  [[nodiscard]] std::vector<DiscoveredField> take() && { return std::move(fields_); }

private:
  [[nodiscard]] Status field(const dvt_field* field);
  [[nodiscard]] Result<DiscoveredField> checked(const dvt_field& field);

  HostCall& frame_;
  dvt_field_sink sink_{};
  std::vector<DiscoveredField> fields_;
  std::set<std::pair<std::string, std::string>> names_; ///< scope and key
  std::size_t bytes_ = 0;
};

} // namespace dovetail::plugin
