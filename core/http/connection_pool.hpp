// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/http/connection.hpp"

namespace dovetail::http {

struct PoolOptions {
  std::size_t max_idle_per_origin = 8;
  std::size_t max_idle = 64;
  std::chrono::milliseconds idle_timeout{30'000};
};

/// Thread-safe. Idle connections by what they lead to. When it is full, the connection that is given back is closed.
class ConnectionPool {
public:
  ConnectionPool(const PoolOptions& options, Clock& clock) : options_(options), clock_(clock) {}

  /// The connection that was used last, if one is alive; null otherwise.
  [[nodiscard]] std::unique_ptr<Connection> take(const std::string& key);
  void put(const std::string& key, std::unique_ptr<Connection> connection);
  [[nodiscard]] std::size_t idle() const;

private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    MonotonicTime since;
  };
  // Takes what is too old out of `idle_`, for the caller to close without the lock. Precondition: mutex_ is held.
  [[nodiscard]] std::vector<Idle> remove_expired();

  const PoolOptions options_;
  Clock& clock_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, std::vector<Idle>> idle_;
  std::size_t count_ = 0;
};

} // namespace dovetail::http
