// SPDX-License-Identifier: Apache-2.0
#include "core/sync/connection_session.hpp"

#include <utility>

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

  int sent = 0;
  const http::CallContext context{
      .egress = options_.egress,
      .limiter_key = options_.limiter_key,
      .cancellation = cancellation,
      .rate_limit_rules = &options_.rate_limit_rules,
      .identity = {.tenant = options_.tenant, .connection = options_.connection, .object = object_, .job = job_.value},
      .timeouts = {},
      .bounds = {},
      .request_id = {},
      .sent = &sent};
  auto response = client_.send(outgoing, context);
  requests_.fetch_add(sent, std::memory_order_relaxed);
  if (!response.ok()) {
    return std::move(response).error();
  }
  if (response->status == 304) {
    not_modified_.fetch_add(1, std::memory_order_relaxed);
  }
  return std::shared_ptr<const plugin::HttpResponse>(std::make_shared<KeptResponse>(std::move(*response)));
}

} // namespace dovetail::sync
