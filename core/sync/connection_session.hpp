// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/http/client.hpp"
#include "core/plugin/services.hpp"

namespace dovetail::sync {

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
  std::string tenant;
  std::string connection;
};

/// Sends a plugin's requests for one connection: adds credentials and the manifest's headers, counts exchanges. Thread-safe.
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
  http::Client& client_;
  SessionOptions options_;
  std::string object_;
  JobId job_;
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> not_modified_{0};
};

} // namespace dovetail::sync
