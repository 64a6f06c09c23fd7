// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/store/session.hpp"

namespace dovetail::store::detail {

/// At most `size` connections, made when they are needed and kept. Thread-safe. A lease goes back on destruction; a lost connection, or
/// one that was marked for it, is closed instead.
class SessionPool {
public:
  using Make = std::function<Result<std::unique_ptr<Session>>()>;

  class Lease {
  public:
    Lease(SessionPool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease(Lease&& other) noexcept : pool_(other.pool_), session_(std::move(other.session_)), discard_(other.discard_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    [[nodiscard]] Session& operator*() const noexcept { return *session_; }
    [[nodiscard]] Session* operator->() const noexcept { return session_.get(); }
    /// Closes the connection instead of giving it back.
    void discard() noexcept { discard_ = true; }

  private:
    SessionPool* pool_;
    std::unique_ptr<Session> session_;
    bool discard_ = false;
  };

  /// `wait_limit`: how long acquire() waits in a full pool.
  SessionPool(std::size_t size, std::chrono::milliseconds wait_limit, Make make)
      : size_(size), wait_limit_(wait_limit), make_(std::move(make)) {}

  /// Errors: resource_exhausted when all connections stayed in use; those of `make`.
  [[nodiscard]] Result<Lease> acquire();
  /// Closes the connections that are not in use, e.g. because the server was restarted.
  void drop_idle();

private:
  void give_back(std::unique_ptr<Session> session, bool discard);

  const std::size_t size_;
  const std::chrono::milliseconds wait_limit_;
  const Make make_;
  std::mutex mutex_;
  std::condition_variable freed_;
  // guarded by mutex_
  std::vector<std::unique_ptr<Session>> idle_;
  std::size_t out_ = 0; ///< leased or being made
};

} // namespace dovetail::store::detail
