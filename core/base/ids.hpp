// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"

namespace dovetail {

/// A 63-bit positive number that names one thing of one kind; 0 means none. Kinds do not mix.
template <typename Tag> struct Id {
  std::int64_t value = 0;

  [[nodiscard]] bool valid() const noexcept { return value > 0; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using TenantId = Id<struct TenantTag>;
using ConnectionId = Id<struct ConnectionTag>;
using JobId = Id<struct JobTag>;
using RowId = Id<struct RowTag>;

/// Makes ids that grow with time: 42 bits of milliseconds since 2025-01-01, 21 bits that start at random in each
/// millisecond and count up. Two processes may collide with a chance of about one in two million for ids of the same
/// millisecond; every table's unique key catches that. Thread-safe.
class IdGenerator {
public:
  IdGenerator(Clock& clock, Random& random) : clock_(clock), random_(random) {}
  [[nodiscard]] std::int64_t next();

private:
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  // guarded by mutex_
  std::int64_t last_ = 0;
  std::int64_t last_ms_ = 0;
};

/// Checks a name that a person gives to a tenant or a connection: 1 to 63 characters of a-z, 0-9, '_' and '-', the first a
/// letter or digit. `what` stands in the message ("tenant", "connection").
[[nodiscard]] Status check_name(std::string_view what, std::string_view name);

} // namespace dovetail

template <typename Tag> struct std::hash<dovetail::Id<Tag>> {
  std::size_t operator()(const dovetail::Id<Tag>& id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
