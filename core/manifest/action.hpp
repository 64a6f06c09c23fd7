// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "core/json/document.hpp"
#include "core/json/schema.hpp"

namespace dovetail::manifest {

/// Something that can be done at the provider.
struct Action {
  std::string key;
  std::string label;
  std::string description;
  std::string object;                               ///< what it is about; empty: no one object
  json::Value input;                                ///< the JSON Schema of its input, of type object
  std::unique_ptr<const json::Schema> input_schema; ///< the same, compiled; never null
  bool idempotent = false; ///< doing it twice with one idempotency key does no more than doing it once
  json::Value raw;         ///< the whole entry, unknown keys included
};

} // namespace dovetail::manifest
