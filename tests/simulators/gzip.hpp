// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dovetail::simulators {

/// `text` as one gzip member (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text);
/// The content of one gzip member; empty when it is damaged or would decode to more than `max_bytes`.
[[nodiscard]] std::string gunzip(std::string_view compressed, std::size_t max_bytes);

} // namespace dovetail::simulators
