// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"

namespace dovetail::limits {

/// A provider's `rateLimits` (CORE-3). Zero means: no such limit.
struct RateLimits {
  std::uint32_t requests_per_minute = 0; ///< of one connection
  std::uint32_t burst = 1;               ///< requests that a rested connection may send at once; at least 1
  std::uint32_t max_concurrent_per_connection = 0;
  std::uint32_t global_requests_per_minute = 0; ///< of all connections to the provider together, with the same `burst`

  friend bool operator==(const RateLimits&, const RateLimits&) = default;
};

/// Whom a request counts for.
struct Key {
  std::string provider;
  TenantId tenant;
  ConnectionId connection;

  friend bool operator==(const Key&, const Key&) = default;
};

struct LimiterOptions {
  /// The longest that `acquire` waits in place. Whoever would have to wait longer is told to park.
  std::chrono::milliseconds max_wait{20'000};
  /// Connections and providers tracked at once; the idle ones make room for new ones.
  std::size_t max_keys = 200'000;
  /// How often the owner persists a snapshot: what may have been granted since the last one is assumed to have been.
  std::chrono::milliseconds snapshot_interval{1'000};
  /// Spread the rest evenly over the time until the provider's reset once less than this part of its limit is left.
  double pace_below = 0.2;
};

/// What a provider's headers said about one connection.
struct Observation {
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> remaining;
  std::optional<Timestamp> reset;
};

/// The limiter's memory, as plain values for the store. Times are wall-clock.
struct Snapshot {
  struct Entry {
    Key key;             ///< tenant and connection 0: the provider's own bucket
    Timestamp next_free; ///< GCRA's theoretical arrival time
    Timestamp blocked_until;
    Timestamp paced_until;
    std::chrono::microseconds paced_interval{0};

    friend bool operator==(const Entry&, const Entry&) = default;
  };
  Timestamp taken_at;
  /// Whether nothing was granted after it was taken (an orderly end). Otherwise `restore` assumes the worst.
  bool final = false;
  std::vector<Entry> entries;
};

/// Thread-safe. Rate limits of all connections of this process (HTTP-6): GCRA per connection and per provider, concurrency per
/// connection, providers' own word. Time comes from the clock: in virtual time a wait costs nothing.
///
/// GCRA (the generic cell rate algorithm) grants in any window of length W at most `burst` + W / interval permits, where interval
/// is 60 s / requests_per_minute. Waiters are served in the order in which they came.
class RateLimiter {
public:
  explicit RateLimiter(Clock& clock, LimiterOptions options = {});
  ~RateLimiter();
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;
  RateLimiter(RateLimiter&&) = delete;
  RateLimiter& operator=(RateLimiter&&) = delete;

  /// The right to have one request in flight; ends with the object, which must not outlive the limiter. Movable, not thread-safe.
  class [[nodiscard]] Permit {
  public:
    Permit() = default;
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&& other) noexcept;
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit();
    /// Ends it early; does nothing the second time.
    void release() noexcept;

  private:
    friend class RateLimiter;
    Permit(RateLimiter& owner, Key key) : owner_(&owner), key_(std::move(key)) {}
    RateLimiter* owner_ = nullptr;
    Key key_;
  };

  /// Sets the limits of a provider and all its connections, from now on.
  void configure(std::string_view provider, const RateLimits& limits);

  /// Waits for its turn. Errors: cancelled and deadline_exceeded from `cancellation`; resource_exhausted with
  /// RetryClass::rate_limited and `retry_after` when the wait would go past `max_wait` or the deadline; resource_exhausted with
  /// RetryClass::transient when `max_keys` busy connections are tracked already. A waiter that is cancelled has used its turn up.
  [[nodiscard]] Result<Permit> acquire(const Key& key, const Cancellation& cancellation);

  /// Takes the provider's word. It lowers the rate until `reset` and never raises it above the configured one:
  /// nothing left blocks the connection until `reset`; little left (LimiterOptions::pace_below) is spread evenly until then.
  void observe(const Key& key, const Observation& observation);

  /// Stops the connection's whole queue until `until` (`Retry-After`, secondary limits). At most limits::max_retry_after ahead; an
  /// earlier time than the present block's changes nothing.
  void block_until(const Key& key, Timestamp until);
  /// How long the connection is blocked; zero when it is not.
  [[nodiscard]] std::chrono::milliseconds blocked_for(const Key& key) const;

  /// The longest that `acquire` waits in place (LimiterOptions).
  [[nodiscard]] std::chrono::milliseconds max_wait() const noexcept;

  /// Everything that is not at rest. `final`: no more permits are going to be granted.
  [[nodiscard]] Snapshot snapshot(bool final = false) const;
  /// Takes over what an earlier process left. A restart never grants a fresh burst: after a snapshot that was not final, every bucket is
  /// taken to have been emptied up to one snapshot interval after it. Call it before the first `acquire`.
  void restore(const Snapshot& snapshot);

  /// Keys in memory, for metrics and tests.
  [[nodiscard]] std::size_t tracked_keys() const;

private:
  struct State;

  void release(const Key& key) noexcept;

  std::unique_ptr<State> state_;
};

} // namespace dovetail::limits
