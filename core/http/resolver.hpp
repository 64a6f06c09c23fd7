// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/http/address.hpp"

namespace dovetail::http {

/// Turns host names into addresses. Implementations are thread-safe.
class Resolver {
public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  Resolver(Resolver&&) = delete;
  Resolver& operator=(Resolver&&) = delete;
  virtual ~Resolver() = default;

  /// At least one address, in the order of preference. Errors: unavailable (transient), cancelled, deadline_exceeded.
  [[nodiscard]] virtual Result<std::vector<IpAddress>> resolve(const std::string& host,
                                                               const Cancellation& cancellation) = 0;
};

struct ResolverOptions {
  std::chrono::milliseconds keep{30'000}; ///< how long an answer is used again
  std::size_t max_kept = 1'000;
  std::size_t threads = 4;      ///< lookups at once
  std::size_t max_queued = 256; ///< more lookups fail as unavailable
};

/// The system's resolver, on threads of its own, for a lookup cannot be interrupted. `clock` must outlive it.
[[nodiscard]] std::unique_ptr<Resolver> make_system_resolver(Clock& clock, const ResolverOptions& options = {});

} // namespace dovetail::http
