// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/arrival.hpp"

namespace dovetail::simulators {

Arrival arrive(const Answer& answer, std::size_t max_body_bytes) {
  Arrival arrival;
  const std::string_view content = answer.content();
  const Delivery& delivery = answer.delivery;
  if (delivery.kind == DeliveryKind::reset_before_headers) {
    arrival.outcome = Arrival::Outcome::connection_reset;
    return arrival;
  }
  arrival.status = answer.status;
  switch (delivery.kind) {
  case DeliveryKind::reset_after_headers:
    arrival.outcome = Arrival::Outcome::connection_reset;
    return arrival;
  case DeliveryKind::truncated:
    arrival.body = content.substr(0, delivery.bytes);
    arrival.outcome = arrival.body.size() < content.size() ? Arrival::Outcome::cut_short : Arrival::Outcome::complete;
    break;
  case DeliveryKind::oversized:
    arrival.body = content;
    if (delivery.bytes <= max_body_bytes && delivery.bytes > arrival.body.size()) {
      arrival.body.resize(delivery.bytes, ' ');
    }
    arrival.outcome = delivery.bytes > max_body_bytes ? Arrival::Outcome::too_large : Arrival::Outcome::complete;
    break;
  case DeliveryKind::slow_drip:
    arrival.took = delivery.pause * static_cast<std::int64_t>((content.size() + delivery.bytes - 1) / delivery.bytes);
    arrival.body = content;
    break;
  default:
    arrival.body = content;
  }
  if (arrival.body.size() > max_body_bytes) {
    arrival.outcome = Arrival::Outcome::too_large;
    arrival.body.resize(max_body_bytes);
  }
  return arrival;
}

} // namespace dovetail::simulators
