// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/http/client.hpp"
#include "core/oauth/token_manager.hpp"
#include "core/plugin/services.hpp"
#include "core/sync/body_secret.hpp"

namespace dovetail::sync {

/// A connection whose access token the host renews.
struct TokenAccess {
  oauth::TokenManager& manager; ///< outlives the session
  oauth::Account account;
};

/// How the requests of one connection go out: made once from manifest, connection and secrets (connection_setup.hpp).
struct SessionOptions {
  std::string base_url; ///< without a trailing slash
  http::EgressPolicy egress;
  limits::Key limiter_key;
  http::RateLimitRules rate_limit_rules;
  /// Headers for requests whose plugin did not set them itself.
  std::vector<http::Header> default_headers;
  /// Credentials; the plugin never sees them.
  std::vector<http::SecretHeader> credentials;
  /// Set for auth of kind oauth2: its header comes on top of `credentials`.
  std::optional<TokenAccess> tokens;
  /// Set: a secret that goes into bodies, in the place of its placeholder; only to the origin of `base_url`.
  std::optional<BodySecret> body_secret;
  std::string tenant;
  std::string connection;
};

/// Sends a plugin's requests for one connection: adds credentials and the manifest's headers, counts exchanges. A request that is answered with
/// 401 is sent once more with a renewed access token, where there are such. Thread-safe.
class ConnectionSession final : public plugin::HttpService {
public:
  /// `client` must outlive the session.
  ConnectionSession(http::Client& client, SessionOptions options) : client_(client), options_(std::move(options)) {}

  /// For the logs of the requests that follow.
  void begin_object(std::string object, JobId job);

  [[nodiscard]] Result<std::shared_ptr<const plugin::HttpResponse>> send(const plugin::HttpRequest& request,
                                                                         const Cancellation& cancellation) override;

  [[nodiscard]] const SessionOptions& options() const noexcept { return options_; }
  /// Exchanges since the session began, repeated ones among them, and those of them that answered 304.
  [[nodiscard]] std::int64_t requests() const noexcept { return requests_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t not_modified() const noexcept { return not_modified_.load(std::memory_order_relaxed); }

private:
  [[nodiscard]] Result<http::Response> send_signed(http::Request& request, const http::CallContext& context);
  [[nodiscard]] Result<http::Response> send_with(http::Request& request, const http::CallContext& context,
                                                 const Secret& access_token);
  [[nodiscard]] Result<http::Response> send_counted(const http::Request& request, http::CallContext context);
  [[nodiscard]] bool was_renewed_in_vain(const Secret& access_token) const;

  http::Client& client_;
  SessionOptions options_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  Secret refused_; ///< a token that was refused although it was new: renewing it again would not help
  std::string object_;
  JobId job_;
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> not_modified_{0};
};

} // namespace dovetail::sync
