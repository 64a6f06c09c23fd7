// SPDX-License-Identifier: Apache-2.0
#include "core/sync/connection_session.hpp"

#include <utility>

#include "core/base/secret.hpp"

namespace dovetail::sync {
namespace {

class KeptResponse final : public plugin::HttpResponse {
public:
  explicit KeptResponse(http::Response response) : response_(std::move(response)) {}

  [[nodiscard]] std::string_view bytes() const noexcept override { return response_.body.view(); }
  [[nodiscard]] int status() const noexcept override { return response_.status; }
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept override {
    return response_.headers.find(name);
  }
  [[nodiscard]] std::string_view url() const noexcept override { return response_.url; }

private:
  http::Response response_;
};

} // namespace

void ConnectionSession::begin_object(std::string object, JobId job) {
  object_ = std::move(object);
  job_ = job;
}

Result<std::shared_ptr<const plugin::HttpResponse>> ConnectionSession::send(const plugin::HttpRequest& request,
                                                                            const Cancellation& cancellation) {
  http::Request outgoing;
  outgoing.method = request.method;
  outgoing.url = request.url;
  outgoing.body = request.body;
  if (request.repeatable) {
    outgoing.safe_to_repeat = true;
  }
  for (const auto& header : request.headers) {
    DOVETAIL_TRY_STATUS(outgoing.headers.add(header.name, header.value));
  }
  for (const auto& header : options_.default_headers) {
    if (!outgoing.headers.contains(header.name)) {
      DOVETAIL_TRY_STATUS(outgoing.headers.add(header.name, header.value));
    }
  }
  outgoing.secret_headers = options_.credentials;
  bool holds_secret = false;
  if (options_.body_secret) {
    DOVETAIL_TRY(holds_secret, options_.body_secret->put_into(outgoing, options_.base_url));
  }

  const http::CallContext context{
      .egress = options_.egress,
      .limiter_key = options_.limiter_key,
      .cancellation = cancellation,
      .rate_limit_rules = &options_.rate_limit_rules,
      .identity = {.tenant = options_.tenant, .connection = options_.connection, .object = object_, .job = job_.value},
      .timeouts = {},
      .bounds = {},
      .request_id = {}};
  auto response = send_signed(outgoing, context);
  if (holds_secret) {
    wipe(outgoing.body.data(), outgoing.body.size());
  }
  if (!response.ok()) {
    return std::move(response).error();
  }
  if (response->status == 304) {
    not_modified_.fetch_add(1, std::memory_order_relaxed);
  }
  return std::shared_ptr<const plugin::HttpResponse>(std::make_shared<KeptResponse>(std::move(*response)));
}

Result<http::Response> ConnectionSession::send_signed(http::Request& request, const http::CallContext& context) {
  constexpr int unauthorized = 401;
  if (!options_.tokens) {
    return send_counted(request, context);
  }
  auto& [manager, account] = *options_.tokens;
  DOVETAIL_TRY(const oauth::AccessToken token, manager.get(account, context.cancellation));
  auto first = send_with(request, context, token.value);
  if (!first.ok() || first->status != unauthorized || was_renewed_in_vain(token.value)) {
    return first;
  }
  // A 401 says that nothing was done, so that even a request that must not be repeated may be.
  DOVETAIL_TRY(const oauth::AccessToken renewed, manager.renew(account, token.value, context.cancellation));
  auto second = send_with(request, context, renewed.value);
  if (second.ok() && second->status == unauthorized) {
    const std::lock_guard lock(mutex_);
    refused_ = renewed.value;
  }
  return second;
}

Result<http::Response> ConnectionSession::send_with(http::Request& request, const http::CallContext& context,
                                                    const Secret& access_token) {
  const auto& auth = *options_.tokens->account.auth;
  request.secret_headers = options_.credentials;
  request.secret_headers.push_back(
      {.name = auth.header, .value = Secret(auth.prefix + std::string(access_token.reveal()))});
  return send_counted(request, context);
}

Result<http::Response> ConnectionSession::send_counted(const http::Request& request, http::CallContext context) {
  int sent = 0;
  context.sent = &sent;
  auto response = client_.send(request, context);
  requests_.fetch_add(sent, std::memory_order_relaxed);
  return response;
}

bool ConnectionSession::was_renewed_in_vain(const Secret& access_token) const {
  const std::lock_guard lock(mutex_);
  return !refused_.empty() && refused_ == access_token;
}

} // namespace dovetail::sync
