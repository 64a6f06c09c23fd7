// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/sdk/error.hpp"

namespace dovetail::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A request as the plugin sent it.
struct SentRequest {
  std::string method;
  std::string url; ///< as the plugin gave it: absolute or beginning with '/'
  Headers headers;
  std::string body;
  bool repeatable = false;

  /// The first header of that name; case does not matter.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// An answer, or the Error that the host gives instead of one.
struct Reply {
  int status = 200;
  std::string body = {};
  Headers headers = {};
  std::string url = {};                 ///< where it came from after redirects; "" = the request's
  std::optional<sdk::Error> error = {}; ///< set: no answer came
};

/// One request that is expected, and its reply.
class Exchange {
public:
  Exchange(std::string method, std::string url) : method_(std::move(method)), url_(std::move(url)) {}

  /// The request must carry this header.
  Exchange& with_header(std::string name, std::string value);
  /// The request must not carry this header.
  Exchange& without_header(std::string name);
  /// The request's body must be exactly this.
  Exchange& with_body(std::string body);
  void reply(int status, std::string body = {}, Headers headers = {});
  /// No answer: the host's send fails with this.
  void fail(sdk::Error error);

private:
  friend class ScriptedHttp;
  /// What does not fit, for people; empty when all does.
  [[nodiscard]] std::string mismatch(const SentRequest& request) const;

  std::string method_;
  std::string url_;
  Headers required_;
  std::vector<std::string> forbidden_;
  std::optional<std::string> body_;
  Reply reply_;
};

/// What the plugin may send and what comes back: a list of exchanges, by default in their order, or a handler. A request that does
/// not fit fails with Code::failed_precondition and is kept in problems(). For one thread.
class ScriptedHttp {
public:
  /// Expects a request with exactly this URL, each once. Stays valid while more are added.
  Exchange& expect(std::string method, std::string url);
  Exchange& get(std::string url) { return expect("GET", std::move(url)); }
  Exchange& post(std::string url) { return expect("POST", std::move(url)); }
  /// Lets exchanges be used in any order.
  void allow_any_order() { any_order_ = true; }
  /// Asked before the exchanges; nullopt passes on to them. For stateful worlds.
  void set_handler(std::function<std::optional<Reply>(const SentRequest&)> handler) { handler_ = std::move(handler); }

  [[nodiscard]] const std::vector<SentRequest>& requests() const noexcept { return requests_; }
  /// Requests that did not fit, and why.
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept { return problems_; }
  /// "METHOD url" of the exchanges that nobody asked for yet.
  [[nodiscard]] std::vector<std::string> unused() const;

  /// Used by FakeHost: the reply to this request.
  [[nodiscard]] Reply answer(SentRequest request);

private:
  std::deque<Exchange> exchanges_; // a deque, so that references from expect() stay valid
  std::vector<bool> used_;
  std::function<std::optional<Reply>(const SentRequest&)> handler_;
  std::vector<SentRequest> requests_;
  std::vector<std::string> problems_;
  bool any_order_ = false;
};

} // namespace dovetail::testing
