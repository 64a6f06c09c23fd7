// SPDX-License-Identifier: Apache-2.0
#include "dovetail/testing/scripted_http.hpp"

#include "dovetail/sdk/link.hpp"

namespace dovetail::testing {

std::optional<std::string_view> SentRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (sdk::detail::equals_ignoring_case(key, name)) {
      return value;
    }
  }
  return std::nullopt;
}

Exchange& Exchange::with_header(std::string name, std::string value) {
  required_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Exchange& Exchange::without_header(std::string name) {
  forbidden_.push_back(std::move(name));
  return *this;
}

Exchange& Exchange::with_body(std::string body) {
  body_ = std::move(body);
  return *this;
}

void Exchange::reply(int status, std::string body, Headers headers) {
  reply_.status = status;
  reply_.body = std::move(body);
  reply_.headers = std::move(headers);
}

void Exchange::fail(sdk::Error error) { reply_.error = std::move(error); }

std::string Exchange::mismatch(const SentRequest& request) const {
  if (request.method != method_ || request.url != url_) {
    return "expected " + method_ + " " + url_;
  }
  for (const auto& [name, value] : required_) {
    const auto sent = request.header(name);
    if (sent != value) {
      std::string text = "expected the header ";
      return text.append(name).append(": ").append(value).append(", got ").append(sent ? *sent : "none");
    }
  }
  for (const auto& name : forbidden_) {
    if (request.header(name)) {
      return "expected no header " + name;
    }
  }
  if (body_ && *body_ != request.body) {
    return "expected the body " + *body_ + ", got " + request.body;
  }
  return {};
}

Exchange& ScriptedHttp::expect(std::string method, std::string url) {
  used_.push_back(false);
  return exchanges_.emplace_back(std::move(method), std::move(url));
}

std::vector<std::string> ScriptedHttp::unused() const {
  std::vector<std::string> left;
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    if (!used_[i]) {
      left.push_back(exchanges_[i].method_ + " " + exchanges_[i].url_);
    }
  }
  return left;
}

Reply ScriptedHttp::answer(SentRequest request) {
  requests_.push_back(std::move(request));
  const SentRequest& sent = requests_.back();
  if (handler_) {
    if (auto reply = handler_(sent)) {
      return std::move(*reply);
    }
  }
  std::string reason = "no request is expected any more";
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    if (used_[i]) {
      continue;
    }
    auto mismatch = exchanges_[i].mismatch(sent);
    if (mismatch.empty()) {
      used_[i] = true;
      return exchanges_[i].reply_;
    }
    reason = std::move(mismatch);
    if (!any_order_) {
      break;
    }
  }
  problems_.push_back(sent.method + " " + sent.url + ": " + reason);
  Reply reply;
  reply.error = sdk::make_error(sdk::Code::failed_precondition, "unexpected request " + problems_.back());
  return reply;
}

} // namespace dovetail::testing
