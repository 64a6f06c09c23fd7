// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/simulators/odoo/world.hpp"

namespace dovetail::simulators::odoo {

/// What Odoo raises. Both protocols show it in their own way.
struct Raised {
  enum class Class : std::uint8_t {
    access_denied,
    access_error,
    user_error,
    missing_model,
    missing_method,
    bad_arguments,
    value_error,
    memory,
    overflow,
    conflict
  };
  Class kind = Class::value_error;
  std::string message;
};

struct Viewer {
  std::int64_t uid = 0;
  std::set<std::string, std::less<>> rights;
};

/// A call of a model's method. Positional arguments come with XML-RPC alone.
struct MethodCall {
  std::string model;
  std::string method;
  std::vector<Value> args;
  Value::Members kwargs;
};

struct MethodOptions {
  /// More records than this in one answer are too much for the server's memory; 0: never.
  std::int64_t most_records = 0;
};

/// Does what the sheet describes of a model's methods: search_read, search, search_count, read, fields_get, create, write, unlink, and context_get of
/// res.users. All else is raised as Odoo would. `records` counts what was read.
[[nodiscard]] std::variant<Value, Raised> call_method(World& world, const Viewer& viewer, const MethodCall& call,
                                                      const MethodOptions& options, std::int64_t& records);

} // namespace dovetail::simulators::odoo
