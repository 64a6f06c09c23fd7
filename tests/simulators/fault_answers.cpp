// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "tests/simulators/faults.hpp"
#include "tests/simulators/gzip.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators {
namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view html_type = "text/html; charset=utf-8";

Answer text_answer(int status, std::string_view type, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", std::string(type)});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

std::string html_page(int status, std::string_view reason) {
  return fmt::format(
      "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<h1>{0} {1}</h1>\r\n</body>\r\n</html>\r\n", status,
      reason);
}

} // namespace

bool spoils(FaultKind kind) noexcept {
  return kind >= FaultKind::reset_after_headers && kind <= FaultKind::corrupt_gzip;
}

std::optional<Answer> failed_answer(FaultKind kind, std::string_view path) {
  switch (kind) {
  case FaultKind::bad_gateway:
    return text_answer(502, json_type, R"({"message":"Server Error"})");
  case FaultKind::unavailable:
    return text_answer(503, html_type, html_page(503, "Service Unavailable"));
  case FaultKind::gateway_timeout:
    return text_answer(504, html_type, html_page(504, "Gateway Time-out"));
  case FaultKind::foreign_redirect: {
    Answer away = text_answer(302, json_type, "");
    away.headers.push_back({"Location", fmt::format("https://elsewhere.example.net{}", path)});
    return away;
  }
  case FaultKind::reset_before_headers: {
    Answer cut;
    cut.delivery.kind = DeliveryKind::reset_before_headers;
    return cut;
  }
  default:
    return std::nullopt;
  }
}

void spoil(const Faults::Fault& fault, const FaultPlan& plan, Answer& answer) {
  const std::size_t size = answer.content().size();
  const auto replace_header = [&](std::string_view name, std::string value) {
    std::erase_if(answer.headers, [&](const Header& header) { return equal_ignoring_case(header.name, name); });
    answer.headers.push_back({std::string(name), std::move(value)});
  };
  switch (fault.kind) {
  case FaultKind::reset_after_headers:
    answer.delivery.kind = DeliveryKind::reset_after_headers;
    break;
  case FaultKind::truncated_body:
    answer.delivery = {DeliveryKind::truncated, Seeded(fault.key).below(size == 0 ? 1 : size), {}};
    break;
  case FaultKind::oversized_body:
    answer.delivery = {DeliveryKind::oversized, std::max(plan.oversized_bytes, size + 1), {}};
    break;
  case FaultKind::slow_drip:
    answer.delivery = {DeliveryKind::slow_drip, std::max<std::size_t>(plan.drip_bytes, 1), plan.drip_pause};
    break;
  case FaultKind::wrong_content_type:
    replace_header("Content-Type", std::string(html_type));
    break;
  case FaultKind::invalid_json:
    answer.body = std::make_shared<const std::string>(answer.content().substr(0, size - size / 3 - 1));
    break;
  default: {
    std::string broken = answer.header("Content-Encoding") ? std::string(answer.content()) : gzip(answer.content());
    broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 0x55);
    replace_header("Content-Encoding", "gzip");
    answer.body = std::make_shared<const std::string>(std::move(broken));
  }
  }
}

} // namespace dovetail::simulators
