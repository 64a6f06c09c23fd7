// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/store/database.hpp"

namespace dovetail::store::detail {

/// Transactions that end with one commit, and so with one disk flush. Guarded by the engine's mutex.
struct CommitGroup {
  std::size_t members = 0; ///< whose work succeeded
  bool done = false;
  Status outcome;
};

/// What a dialect does behind Database. Implementations are thread-safe.
class Engine {
public:
  using Scope = Database::Scope;
  using Access = Database::Access;
  using Work = std::function<Status(Transaction&)>;

  Engine(DatabaseOptions options, Clock& clock, Random& random, Logger& logger)
      : options_(std::move(options)), clock_(clock), random_(random), logger_(logger) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) = delete;
  Engine& operator=(Engine&&) = delete;
  virtual ~Engine() = default;

  [[nodiscard]] virtual Dialect dialect() const noexcept = 0;
  [[nodiscard]] virtual const std::string& description() const noexcept = 0;
  /// Runs `work` in one transaction, again after a conflict.
  [[nodiscard]] Status run(const Scope& scope, const Work& work);
  [[nodiscard]] Result<MigrationStatus> migrate();
  [[nodiscard]] Result<MigrationStatus> check_migrations();
  [[nodiscard]] virtual Result<DaemonLock> lock_daemon() = 0;
  /// See Database::settle(). A dialect that puts nothing off has nothing to do.
  [[nodiscard]] virtual Status settle(DeferredCommit& /*commit*/) { return {}; }
  [[nodiscard]] Clock& clock() const noexcept { return clock_; }

protected:
  /// One attempt. An Error that another attempt may heal has RetryClass::transient and the code aborted, or unavailable where nothing
  /// can have been committed.
  [[nodiscard]] virtual Status attempt(const Scope& scope, const Work& work) = 0;
  /// Makes what the migrations take for granted.
  [[nodiscard]] virtual Status prepare_migrations() { return {}; }
  /// Waits before attempt number `next` (2, 3, ...): exponential with full jitter, from 5 ms to 1 s.
  void back_off(std::size_t next);

  [[nodiscard]] static std::shared_ptr<CommitGroup>& group_of(DeferredCommit& commit) noexcept { return commit.group_; }
  static void overtake(DeferredCommit& commit) noexcept { ++commit.overtaken_; }

  /// `work(transaction)`, an exception turned into an Error.
  [[nodiscard]] static Status call(const Work& work, Transaction& transaction) noexcept;

  const DatabaseOptions options_;
  Clock& clock_;
  Random& random_;
  Logger& logger_;

private:
  [[nodiscard]] Status run_attempts(const Scope& scope, const Work& work);

  std::mutex mutex_;
  // guarded by mutex_
  std::unordered_set<std::thread::id> writing_; ///< threads inside a write: none may begin another
};

[[nodiscard]] Error unknown_commit(const std::string& description);

[[nodiscard]] Result<std::unique_ptr<Engine>> open_sqlite_engine(DatabaseOptions options, Clock& clock, Random& random,
                                                                 Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Engine>> open_postgresql_engine(DatabaseOptions options, Clock& clock,
                                                                     Random& random, Logger& logger);

} // namespace dovetail::store::detail
