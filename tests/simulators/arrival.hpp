// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "tests/simulators/handler.hpp"

namespace dovetail::simulators {

/// What of an answer reaches a client that takes at most so many bytes of body: for tests that call a Handler in process and need
/// the same faults that the HTTP server acts out.
struct Arrival {
  enum class Outcome : std::uint8_t {
    complete,
    connection_reset, ///< before the end; `status` is 0 when not even the head came
    cut_short,        ///< the body ended before its stated length
    too_large,        ///< the body went on past `max_body_bytes`
  };
  Outcome outcome = Outcome::complete;
  int status = 0;
  std::string body;                  ///< the bytes that came, still encoded
  std::chrono::milliseconds took{0}; ///< what dripping costs, for a virtual clock
};

[[nodiscard]] Arrival arrive(const Answer& answer, std::size_t max_body_bytes);

} // namespace dovetail::simulators
