// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "tests/simulators/faults.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/simulators/monday/limits.hpp"
#include "tests/simulators/monday/world.hpp"
#include "tests/simulators/oauth_endpoint.hpp"

namespace dovetail::simulators::monday {

/// A token that the simulated service knows.
struct TokenOptions {
  std::string token = {};
  /// Whose it is: place among the world's users.
  std::size_t user = 0;
};

struct SimulatorOptions {
  WorldOptions world = {};
  std::vector<TokenOptions> tokens = {};
  LimitOptions limits = {};
  FaultPlan faults = {};
  std::string version = "2026-10";
  std::chrono::minutes cursor_life{60};
  /// How far the service's clock is ahead of the given one.
  std::chrono::seconds skew{0};
  /// HTTP status of a query that the schema does not allow.
  int validation_status = 200;
  bool gzip = false;
  bool control = true;
  /// The service's own token endpoint; its access tokens act as the first user.
  std::optional<OAuthEndpointOptions> oauth = {};
  /// Whether a webhook's address answers the challenge; unset: it does.
  std::function<bool(const std::string& url)> challenge = {};
};

/// The token endpoint as the fact sheet has it: JSON bodies, tokens that are JWTs and rotate, no `expires_in`.
[[nodiscard]] OAuthEndpointOptions oauth_options();

/// An error that the next requests get, whatever they ask.
struct ForcedError {
  std::string code;
  std::string message = "forced";
  int http_status = 200;
  int status_code = 0;          ///< in the extensions; 0: not there
  std::int64_t retry_in_s = -1; ///< in the extensions and as Retry-After (with 429); -1: not there
  enum class Form : std::uint8_t {
    errors,  ///< errors[].extensions.code
    partial, ///< the same beside the data that was asked for
    old,     ///< error_code and error_message
    texts,   ///< errors is a list of texts
  } form = Form::errors;
  int times = 1;
};

/// What was asked, for tests that look at it.
struct LoggedQuery {
  std::string document;
  std::string variables;
  std::string idempotency_key;
  std::int64_t complexity = 0;
  int status = 0;
  std::string code; ///< of the first error; "" when there was none
};

struct Statistics {
  std::uint64_t requests = 0;
  std::map<int, std::uint64_t> by_status;       ///< 0: the connection was cut
  std::map<std::string, std::uint64_t> by_code; ///< errors that were told
  std::array<std::uint64_t, fault_kinds> faults{};
  std::uint64_t body_bytes = 0;
  std::int64_t complexity = 0;          ///< of all answered queries
  std::vector<std::string> undescribed; ///< what no documentation describes, and why; at most 1000
};

/// monday's GraphQL API over a `World`: tokens, versions, limits, cursors that expire, changes, faults. Everything follows from the options, the
/// mutations and `clock`; no sockets. Thread-safe; queries run one at a time.
class MondaySimulator final : public Handler {
public:
  /// `clock` must outlive it.
  MondaySimulator(SimulatorOptions options, Clock& clock);
  ~MondaySimulator() override;

  [[nodiscard]] Answer handle(const SimRequest& request) override;

  /// Reads or changes the world while nothing else does. A change carries the service's present second.
  template <typename Use> auto with_world(Use use) {
    const std::lock_guard lock(mutex_);
    return use(world_);
  }
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);
  [[nodiscard]] Second now() const;
  void force(ForcedError error);
  void set_faults(FaultPlan plan) { faults_.configure(std::move(plan)); }
  void set_limits(LimitOptions limits);
  /// Tokens that an authorization server gives and takes back.
  void add_token(const std::string& token, std::size_t user = 0);
  void remove_token(const std::string& token);

  /// Precondition: the options have `oauth`.
  [[nodiscard]] OAuthEndpoint& oauth() noexcept { return *oauth_; }

  [[nodiscard]] Statistics statistics() const;
  void reset_statistics();
  [[nodiscard]] std::vector<std::string> undescribed_requests() const { return statistics().undescribed; }
  /// The last 10,000 queries.
  [[nodiscard]] std::vector<LoggedQuery> queries() const;

private:
  struct Call;
  struct Kept {
    Second at{};
    std::string body;
  };

  [[nodiscard]] Answer answer(Call& call);
  [[nodiscard]] std::optional<Answer> refuse(Call& call);
  [[nodiscard]] std::optional<Answer> forced(Call& call);
  [[nodiscard]] std::optional<Answer> failed(Call& call);
  [[nodiscard]] Answer run(Call& call);
  [[nodiscard]] Answer limited(Call& call, const LimitRefusal& refusal);
  [[nodiscard]] Answer undescribed(Call& call, const std::string& code, const std::string& message);
  [[nodiscard]] Answer error_answer(Call& call, int http_status, const ForcedError& error, const std::string& data);
  [[nodiscard]] std::string partial_data(Call& call);
  void add_headers(Call& call, Answer& answer);
  void record(const Call& call, const Answer& answer);

  const SimulatorOptions options_;
  Clock& clock_;
  Faults faults_;
  std::optional<OAuthEndpoint> oauth_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  World world_;
  Limits limits_;
  std::map<std::string, std::int64_t, std::less<>> tokens_; ///< to users
  std::deque<ForcedError> forced_;
  std::map<std::string, Kept> by_key_; ///< answers to mutations by their idempotency key
  std::deque<LoggedQuery> queries_;
  Statistics statistics_;
  std::uint64_t serial_ = 0;
};

} // namespace dovetail::simulators::monday
