// SPDX-License-Identifier: Apache-2.0
#include "core/limits/rate_limiter.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/limits.hpp"

namespace dovetail::limits {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t shard_count = 32;
// Without a known limit, fewer than this many requests left count as little.
constexpr std::uint64_t little_left = 50;
// Waiting for somebody else's request to end cannot be computed, only looked at again.
constexpr milliseconds first_look{1};
constexpr milliseconds slowest_look{20};
constexpr std::chrono::seconds sweep_interval{1};
constexpr milliseconds slot_retry_after{1'000};

struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::size_t hash = std::hash<std::string>{}(key.provider);
    hash = hash * 0x9E3779B97F4A7C15U + static_cast<std::size_t>(key.tenant.value);
    hash = hash * 0x9E3779B97F4A7C15U + static_cast<std::size_t>(key.connection.value);
    return hash ^ (hash >> 32U);
  }
};

nanoseconds interval_of(std::uint32_t per_minute) {
  return per_minute == 0 ? nanoseconds{0} : nanoseconds{std::chrono::minutes{1}} / per_minute;
}

struct Rule {
  nanoseconds interval{0};
  std::uint32_t burst = 1;

  [[nodiscard]] nanoseconds tolerance() const { return interval * (std::max(burst, 1U) - 1U); }
};

struct Bucket {
  MonotonicTime next_free{MonotonicTime::min()}; // GCRA's theoretical arrival time
  MonotonicTime blocked_until{MonotonicTime::min()};
  MonotonicTime paced_until{MonotonicTime::min()};
  nanoseconds paced_interval{0};
  std::uint32_t in_flight = 0;
  std::deque<std::uint64_t> waiting; // tickets, the oldest first
  bool settled = false;              // whether what an earlier process may have granted is reckoned in

  [[nodiscard]] bool idle(MonotonicTime now) const {
    return in_flight == 0 && waiting.empty() && next_free <= now && blocked_until <= now && paced_until <= now;
  }

  [[nodiscard]] Rule effective(Rule rule, MonotonicTime now) const {
    if (paced_until > now && paced_interval > rule.interval) {
      return Rule{.interval = paced_interval, .burst = 1};
    }
    return rule;
  }

  [[nodiscard]] MonotonicTime turn(Rule rule, MonotonicTime now) const {
    const MonotonicTime earliest = rule.interval.count() == 0 || next_free < now ? now : next_free - rule.tolerance();
    return std::max({now, earliest, blocked_until});
  }

  void take(Rule rule, MonotonicTime turn) { next_free = std::max(next_free, turn) + rule.interval; }
};

struct Shard {
  mutable std::mutex mutex;
  // guarded by mutex
  std::unordered_map<Key, Bucket, KeyHash> buckets;
  MonotonicTime next_sweep{MonotonicTime::min()};
};

Error limited(const Key& key, nanoseconds wait, std::string_view why) {
  Error error =
      resource_exhausted(fmt::format("Requests to {} must wait {:.1f} s: {}. The job goes on by itself after that.",
                                     key.provider, std::chrono::duration<double>(wait).count(), why));
  error.retry = RetryClass::rate_limited;
  error.retry_after = std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(wait));
  return error;
}

Key provider_key(const Key& key) { return Key{.provider = key.provider, .tenant = {}, .connection = {}}; }

} // namespace

struct RateLimiter::State {
  State(Clock& the_clock, LimiterOptions the_options) : clock(the_clock), options(the_options) {}

  Clock& clock;
  const LimiterOptions options;
  std::array<Shard, shard_count> shards;
  mutable std::shared_mutex limits_mutex;
  // guarded by limits_mutex
  std::map<std::string, RateLimits, std::less<>> limits;
  MonotonicTime emptied_until{MonotonicTime::min()}; // see restore()
  std::mutex ticket_mutex;
  // guarded by ticket_mutex
  std::uint64_t next_ticket = 0;

  [[nodiscard]] Shard& shard_of(const Key& key) { return shards[KeyHash{}(key) % shard_count]; }
  [[nodiscard]] const Shard& shard_of(const Key& key) const { return shards[KeyHash{}(key) % shard_count]; }

  [[nodiscard]] RateLimits limits_of(std::string_view provider) const {
    const std::shared_lock lock(limits_mutex);
    const auto found = limits.find(provider);
    return found == limits.end() ? RateLimits{} : found->second;
  }

  [[nodiscard]] MonotonicTime to_monotonic(Timestamp time) const {
    // Headers may hold any number: a year either way is as good as for ever.
    constexpr std::chrono::hours far{24 * 366};
    const auto now = clock.now();
    return clock.monotonic_now() + (std::clamp<Timestamp>(time, now - far, now + far) - now);
  }
  [[nodiscard]] Timestamp to_wall(MonotonicTime time) const {
    return clock.now() + duration_cast<microseconds>(time - clock.monotonic_now());
  }

  // The bucket of `key`, made when needed; null when the shard is full of busy ones. Precondition: shard.mutex is held.
  Bucket* bucket_of(Shard& shard, const Key& key) {
    if (const auto found = shard.buckets.find(key); found != shard.buckets.end()) {
      return &found->second;
    }
    const std::size_t capacity = std::max<std::size_t>(options.max_keys / shard_count, 1);
    if (shard.buckets.size() >= capacity) {
      const auto now = clock.monotonic_now();
      if (now < shard.next_sweep) {
        return nullptr;
      }
      shard.next_sweep = now + sweep_interval;
      std::erase_if(shard.buckets, [now](const auto& entry) { return entry.second.idle(now); });
      if (shard.buckets.size() >= capacity) {
        return nullptr;
      }
      shard.next_sweep = now;
    }
    return &shard.buckets[key];
  }

  // Reckons in what the process before this one may have granted; and no clock that was set back may block us for long.
  void settle(Bucket& bucket, Rule rule, MonotonicTime now) const {
    if (bucket.settled) {
      return;
    }
    bucket.settled = true;
    MonotonicTime emptied{};
    {
      const std::shared_lock lock(limits_mutex);
      emptied = emptied_until;
    }
    const auto full = rule.tolerance() + rule.interval;
    if (emptied != MonotonicTime::min()) {
      bucket.next_free = std::max(bucket.next_free, emptied + full);
    }
    bucket.next_free = std::min(bucket.next_free, now + full); // the waiters of that process are gone
  }

  Status sleep_until(MonotonicTime time, const Cancellation& cancellation) {
    const auto now = clock.monotonic_now();
    if (time > now) {
      clock.sleep_for(time - now, cancellation.stop);
    }
    return cancellation.check(clock);
  }

  Status wait_for_slot(const Key& key, std::uint32_t slots, const Cancellation& cancellation, MonotonicTime give_up);
  Status wait_for_turn(const Key& key, const std::string& who, Rule rule, const Cancellation& cancellation,
                       MonotonicTime give_up);
  bool take_slot(const Key& key, std::uint32_t slots, std::uint64_t ticket, bool& known);
  void leave_queue(const Key& key, std::uint64_t ticket);
};

// Whether the ticket's turn has come and a slot was free for it. `known` turns false when there is no room to track the key.
bool RateLimiter::State::take_slot(const Key& key, std::uint32_t slots, std::uint64_t ticket, bool& known) {
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  Bucket* const bucket = bucket_of(shard, key);
  known = bucket != nullptr;
  if (bucket == nullptr) {
    return false;
  }
  const auto place = std::find(bucket->waiting.begin(), bucket->waiting.end(), ticket);
  const bool first = place == bucket->waiting.end() ? bucket->waiting.empty() : place == bucket->waiting.begin();
  if (first && (slots == 0 || bucket->in_flight < slots)) {
    if (place != bucket->waiting.end()) {
      bucket->waiting.pop_front();
    }
    ++bucket->in_flight;
    return true;
  }
  if (place == bucket->waiting.end()) {
    bucket->waiting.push_back(ticket);
  }
  return false;
}

void RateLimiter::State::leave_queue(const Key& key, std::uint64_t ticket) {
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  if (const auto found = shard.buckets.find(key); found != shard.buckets.end()) {
    std::erase(found->second.waiting, ticket);
  }
}

Status RateLimiter::State::wait_for_slot(const Key& key, std::uint32_t slots, const Cancellation& cancellation,
                                         MonotonicTime give_up) {
  const std::uint64_t ticket = [this] {
    const std::scoped_lock lock(ticket_mutex);
    return ++next_ticket;
  }();
  milliseconds pause = first_look;
  while (true) {
    bool known = true;
    if (take_slot(key, slots, ticket, known)) {
      return {};
    }
    if (!known) {
      Error error = resource_exhausted(
          fmt::format("No more than {} busy connections can be tracked at once; try again later.", options.max_keys));
      error.retry = RetryClass::transient;
      return error;
    }
    const auto now = clock.monotonic_now();
    if (now >= give_up) {
      leave_queue(key, ticket);
      return limited(key, slot_retry_after, fmt::format("{} requests of this connection are in flight already", slots));
    }
    auto status = sleep_until(std::min(give_up, now + pause), cancellation);
    if (!status.ok() && status.error().code == ErrorCode::cancelled) {
      leave_queue(key, ticket);
      return status;
    }
    pause = std::min(pause * 2, slowest_look);
  }
}

Status RateLimiter::State::wait_for_turn(const Key& key, const std::string& who, Rule rule,
                                         const Cancellation& cancellation, MonotonicTime give_up) {
  Shard& shard = shard_of(key);
  while (true) {
    MonotonicTime turn{};
    {
      const std::scoped_lock lock(shard.mutex);
      Bucket* const bucket = bucket_of(shard, key);
      if (bucket == nullptr) {
        Error error = resource_exhausted("Too many busy connections are tracked at once; try again later.");
        error.retry = RetryClass::transient;
        return error;
      }
      const auto now = clock.monotonic_now();
      settle(*bucket, rule, now);
      const Rule effective = bucket->effective(rule, now);
      turn = bucket->turn(effective, now);
      if (turn > give_up) {
        return limited(key, turn - now,
                       bucket->blocked_until >= turn ? "the provider asked for a pause"
                                                     : "the rate limit of " + who + " is used up");
      }
      bucket->take(effective, turn);
    }
    DOVETAIL_TRY_STATUS(sleep_until(turn, cancellation));
    // A block that came meanwhile sends everyone back for another turn, or they would all leave at its end together.
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.buckets.find(key);
    if (found == shard.buckets.end() || found->second.blocked_until <= clock.monotonic_now()) {
      return {};
    }
  }
}

RateLimiter::Permit::Permit(Permit&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), key_(std::move(other.key_)) {}

RateLimiter::Permit& RateLimiter::Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::exchange(other.owner_, nullptr);
    key_ = std::move(other.key_);
  }
  return *this;
}

RateLimiter::Permit::~Permit() { release(); }

void RateLimiter::Permit::release() noexcept {
  if (auto* const owner = std::exchange(owner_, nullptr)) {
    owner->release(key_);
  }
}

RateLimiter::RateLimiter(Clock& clock, LimiterOptions options) : state_(std::make_unique<State>(clock, options)) {}
RateLimiter::~RateLimiter() = default;

void RateLimiter::configure(std::string_view provider, const RateLimits& limits) {
  const std::unique_lock lock(state_->limits_mutex);
  state_->limits.insert_or_assign(std::string(provider), limits);
}

Result<RateLimiter::Permit> RateLimiter::acquire(const Key& key, const Cancellation& cancellation) {
  DOVETAIL_TRY_STATUS(cancellation.check(state_->clock));
  const RateLimits limits = state_->limits_of(key.provider);
  MonotonicTime give_up = state_->clock.monotonic_now() + state_->options.max_wait;
  if (cancellation.deadline) {
    give_up = std::min(give_up, *cancellation.deadline);
  }
  DOVETAIL_TRY_STATUS(state_->wait_for_slot(key, limits.max_concurrent_per_connection, cancellation, give_up));
  Permit permit(*this, key);
  const Rule own{.interval = interval_of(limits.requests_per_minute), .burst = limits.burst};
  DOVETAIL_TRY_STATUS(state_->wait_for_turn(key, "this connection", own, cancellation, give_up));
  if (limits.global_requests_per_minute != 0) {
    const Rule global{.interval = interval_of(limits.global_requests_per_minute), .burst = limits.burst};
    DOVETAIL_TRY_STATUS(
        state_->wait_for_turn(provider_key(key), "all connections together", global, cancellation, give_up));
  }
  return permit;
}

void RateLimiter::release(const Key& key) noexcept {
  Shard& shard = state_->shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  if (const auto found = shard.buckets.find(key); found != shard.buckets.end() && found->second.in_flight > 0) {
    --found->second.in_flight;
  }
}

void RateLimiter::observe(const Key& key, const Observation& observation) {
  if (!observation.remaining || !observation.reset) {
    return;
  }
  const auto now = state_->clock.monotonic_now();
  const auto reset = std::min(state_->to_monotonic(*observation.reset), now + max_retry_after);
  const std::uint64_t remaining = *observation.remaining;
  const bool little = observation.limit ? static_cast<double>(remaining) <
                                              static_cast<double>(*observation.limit) * state_->options.pace_below
                                        : remaining < little_left;
  Shard& shard = state_->shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  Bucket* const bucket = state_->bucket_of(shard, key);
  if (bucket == nullptr) {
    return;
  }
  if (reset <= now || !little) {
    bucket->paced_until = MonotonicTime::min();
    return;
  }
  if (remaining == 0) {
    bucket->blocked_until = std::max(bucket->blocked_until, reset);
    return;
  }
  bucket->paced_until = reset;
  bucket->paced_interval = (reset - now) / static_cast<std::int64_t>(remaining);
}

void RateLimiter::block_until(const Key& key, Timestamp until) {
  const auto now = state_->clock.monotonic_now();
  const auto end = std::min(state_->to_monotonic(until), now + max_retry_after);
  Shard& shard = state_->shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  if (Bucket* const bucket = state_->bucket_of(shard, key)) {
    bucket->blocked_until = std::max(bucket->blocked_until, end);
  }
}

milliseconds RateLimiter::blocked_for(const Key& key) const {
  const Shard& shard = state_->shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.buckets.find(key);
  const auto now = state_->clock.monotonic_now();
  if (found == shard.buckets.end() || found->second.blocked_until <= now) {
    return milliseconds{0};
  }
  return std::chrono::ceil<milliseconds>(found->second.blocked_until - now);
}

milliseconds RateLimiter::max_wait() const noexcept { return state_->options.max_wait; }

Snapshot RateLimiter::snapshot(bool final) const {
  Snapshot out;
  out.taken_at = state_->clock.now();
  out.final = final;
  const auto now = state_->clock.monotonic_now();
  const auto wall = [&](MonotonicTime time) { return time <= now ? out.taken_at : state_->to_wall(time); };
  for (const auto& shard : state_->shards) {
    const std::scoped_lock lock(shard.mutex);
    for (const auto& [key, bucket] : shard.buckets) {
      if (bucket.next_free > now || bucket.blocked_until > now || bucket.paced_until > now) {
        out.entries.push_back(Snapshot::Entry{.key = key,
                                              .next_free = wall(bucket.next_free),
                                              .blocked_until = wall(bucket.blocked_until),
                                              .paced_until = wall(bucket.paced_until),
                                              .paced_interval = duration_cast<microseconds>(bucket.paced_interval)});
      }
    }
  }
  return out;
}

void RateLimiter::restore(const Snapshot& snapshot) {
  const auto now = state_->clock.monotonic_now();
  if (!snapshot.final && snapshot.taken_at != Timestamp{}) {
    const auto emptied = state_->to_monotonic(snapshot.taken_at) + state_->options.snapshot_interval;
    const std::unique_lock lock(state_->limits_mutex);
    state_->emptied_until = std::min(emptied, now);
  }
  for (const auto& entry : snapshot.entries) {
    Shard& shard = state_->shard_of(entry.key);
    const std::scoped_lock lock(shard.mutex);
    Bucket* const bucket = state_->bucket_of(shard, entry.key);
    if (bucket == nullptr) {
      continue;
    }
    bucket->next_free = state_->to_monotonic(entry.next_free);
    bucket->blocked_until = std::min(state_->to_monotonic(entry.blocked_until), now + max_retry_after);
    bucket->paced_until = std::min(state_->to_monotonic(entry.paced_until), now + max_retry_after);
    bucket->paced_interval = entry.paced_interval;
    bucket->settled = false;
  }
}

std::size_t RateLimiter::tracked_keys() const {
  std::size_t count = 0;
  for (const auto& shard : state_->shards) {
    const std::scoped_lock lock(shard.mutex);
    count += shard.buckets.size();
  }
  return count;
}

} // namespace dovetail::limits
