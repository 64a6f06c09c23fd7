// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators {

struct OAuthEndpointOptions {
  enum class ClientAuth : std::uint8_t { any, body, basic };
  enum class Form : std::uint8_t { any, form, json };

  std::string token_path = "/oauth/token";
  std::string revoke_path = "/oauth/revoke"; ///< RFC 7009
  std::string client_id = "simulated-app";
  std::string client_secret = "simulated-app-secret"; ///< empty: a public client
  ClientAuth client_auth = ClientAuth::any;
  Form form = Form::any; ///< of the request's body
  std::chrono::seconds access_life{3600};
  bool tells_life = true; ///< `expires_in` is in the answers
  bool jwt = false;       ///< access tokens are JSON web tokens with `exp` (signed by nobody)
  /// Each refresh gives a new refresh token and ends the one that was sent; else answers name none and the first one stays.
  bool rotates = true;
  /// An ended refresh token that is sent again ends all tokens of its sign-in, as providers with reuse detection do.
  bool reuse_ends_all = false;
  bool refresh_ends_access = false;       ///< a refresh ends the sign-in's earlier access tokens at once
  bool allows_client_credentials = false; ///< such a grant has no refresh token
  /// Further members of each token answer: name and value as JSON, e.g. {"endpoint", "\"https://api.example\""}.
  std::vector<std::pair<std::string, std::string>> extra_members = {};
  std::uint64_t seed = 1;
};

/// A simulated OAuth 2 token endpoint (RFC 6749 sections 4.4, 5 and 6, RFC 7009) that rotates, revokes and expires in the time of its clock,
/// counts what it was asked and can fail on demand. It is a Handler of its own, or a simulated provider mounts it: `serves` tells whether a request is
/// for it, `check` judges the access token of a request to the API. Thread-safe.
class OAuthEndpoint final : public Handler {
public:
  struct Tokens {
    std::string access_token;
    std::string refresh_token; ///< empty: none was given
  };
  enum class TokenState : std::uint8_t { valid, expired, ended, unknown };

  /// How the next calls to the token endpoint go wrong.
  struct Fault {
    int status = 503; ///< of the answer; 0: the call is served, and only its delivery goes wrong
    std::string body = "the service is not there";
    Delivery delivery = {};
    std::vector<Header> headers = {};
  };

  struct Counts {
    std::uint64_t calls = 0;     ///< all to the token endpoint
    std::uint64_t refreshed = 0; ///< refresh grants that gave tokens
    std::uint64_t granted = 0;   ///< client credentials grants that gave tokens
    std::uint64_t refused = 0;   ///< answers with an OAuth error
    std::uint64_t failed = 0;    ///< calls that a fault took
    std::uint64_t reused = 0;    ///< refresh tokens that were sent again after they had ended
    std::uint64_t revoked = 0;   ///< calls to the revocation endpoint
  };

  /// `clock` must outlive it.
  explicit OAuthEndpoint(Clock& clock, OAuthEndpointOptions options = {});

  [[nodiscard]] Answer handle(const SimRequest& request) override;
  [[nodiscard]] bool serves(const SimRequest& request) const;

  /// What a person's sign-in yields: tokens of a new authorisation, which live from now on.
  [[nodiscard]] Tokens sign_in();
  [[nodiscard]] TokenState check(std::string_view access_token) const;
  /// The same for the token of an Authorization header, with or without "Bearer " before it; unknown when there is none.
  [[nodiscard]] TokenState check(const SimRequest& request) const;

  /// Ends every access token there is; refresh tokens stay good.
  void end_access_tokens();
  /// Ends every token of every sign-in: the person took the permission back.
  void revoke_all();
  /// The app itself is no longer known: every call is answered with invalid_client.
  void revoke_client();
  /// The next `times` calls fail in this way.
  void fail_next(int times, Fault fault);
  void change(const std::function<void(OAuthEndpointOptions&)>& edit);

  [[nodiscard]] Counts counts() const;
  /// The bodies of the calls to the token endpoint, in their order; the last 1000.
  [[nodiscard]] std::vector<SimRequest> requests() const;

private:
  struct Access {
    std::uint64_t sign_in = 0;
    Timestamp until;
    bool ended = false;
  };
  struct Refresh {
    std::uint64_t sign_in = 0;
    bool ended = false;
  };
  using Fields = std::map<std::string, std::string, std::less<>>;

  // All under mutex_.
  [[nodiscard]] Answer answer_token(const SimRequest& request);
  [[nodiscard]] Answer answer_revocation(const SimRequest& request);
  [[nodiscard]] Answer refresh(const Fields& fields);
  [[nodiscard]] Answer refuse(int status, std::string_view error, std::string_view description);
  [[nodiscard]] Answer give(const Tokens& tokens) const;
  [[nodiscard]] std::optional<Fields> read(const SimRequest& request) const;
  [[nodiscard]] bool is_our_client(const SimRequest& request, const Fields& fields) const;
  [[nodiscard]] std::string make_access(std::uint64_t sign_in);
  [[nodiscard]] std::string make_refresh(std::uint64_t sign_in);
  void end_sign_in(std::uint64_t sign_in, bool access_only);

  Clock& clock_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  OAuthEndpointOptions options_;
  std::map<std::string, Access, std::less<>> access_;
  std::map<std::string, Refresh, std::less<>> refresh_;
  std::vector<Fault> faults_; // the next one last
  std::vector<SimRequest> requests_;
  Counts counts_;
  std::uint64_t made_ = 0;
  bool client_revoked_ = false;
};

} // namespace dovetail::simulators
