// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simulated_transport.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/http/gzip.hpp"
#include "tests/simulators/arrival.hpp"

namespace dovetail::test {
namespace {

simulators::SimRequest simulated_request(const http::TransportRequest& request) {
  simulators::SimRequest out;
  out.method = request.method;
  out.target = request.url.target();
  out.body = request.body;
  out.headers.push_back({"Host", request.url.origin().authority()});
  for (const http::Header& header : request.headers) {
    out.headers.push_back({header.name, header.value});
  }
  for (const http::SecretHeader& header : request.secret_headers) {
    out.headers.push_back({header.name, std::string(header.value.reveal())});
  }
  return out;
}

Status check_arrival(const simulators::Arrival& arrival, const http::TransportRequest& request) {
  switch (arrival.outcome) {
  case simulators::Arrival::Outcome::complete:
    break;
  case simulators::Arrival::Outcome::connection_reset:
    return unavailable("the connection failed: reset by the simulated server");
  case simulators::Arrival::Outcome::cut_short:
    return unavailable("the connection was closed before the answer was complete");
  case simulators::Arrival::Outcome::too_large:
    return out_of_range("the answer's body is larger than the bound; ask for smaller pages");
  }
  return arrival.took > request.timeouts.total ? unavailable("the answer took too long") : Status{};
}

} // namespace

void SimulatedTransport::connect(const std::string& origin, simulators::Handler& handler) {
  const std::lock_guard lock(mutex_);
  handlers_[origin] = &handler;
}

Result<http::TransportResponse> SimulatedTransport::exchange(const http::TransportRequest& request,
                                                             http::PageBufferPool& buffers,
                                                             http::ExchangeReport& report) {
  DOVETAIL_TRY_STATUS(request.cancellation.check(clock_));
  simulators::Handler* handler = nullptr;
  {
    const std::lock_guard lock(mutex_);
    ++requests_;
    const std::string origin = request.url.origin().to_string();
    const auto found = handlers_.find(origin);
    if (found == handlers_.end()) {
      foreign_.push_back(origin);
      return unavailable(fmt::format("{} is not part of this simulation", origin));
    }
    handler = found->second;
  }
  report.request_sent = true;
  const simulators::Answer answer = handler->handle(simulated_request(request));
  const bool packed = answer.header("Content-Encoding") == "gzip";
  const simulators::Arrival arrival =
      simulators::arrive(answer, packed ? request.bounds.max_compressed_bytes : request.bounds.max_body_bytes);
  report.wire_bytes = arrival.body.size();
  if (arrival.took.count() > 0) {
    clock_.sleep_for(std::min<std::chrono::nanoseconds>(arrival.took, request.timeouts.total),
                     request.cancellation.stop);
  }
  DOVETAIL_TRY_STATUS(check_arrival(arrival, request));
  http::TransportResponse response;
  response.status = arrival.status;
  for (const simulators::Header& header : answer.headers) {
    DOVETAIL_TRY_STATUS(response.headers.add(header.name, header.value));
  }
  response.body = buffers.take();
  if (packed) {
    DOVETAIL_TRY_STATUS(http::gunzip(arrival.body, request.bounds, response.body));
  } else {
    response.body.assign(arrival.body);
  }
  return response;
}

std::vector<std::string> SimulatedTransport::foreign_origins() const {
  const std::lock_guard lock(mutex_);
  return foreign_;
}

std::uint64_t SimulatedTransport::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

} // namespace dovetail::test
