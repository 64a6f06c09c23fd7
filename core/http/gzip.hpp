// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/base/result.hpp"
#include "core/http/page_buffer.hpp"
#include "core/http/transport.hpp"

namespace dovetail::http {

/// Inflates a whole gzip body (RFC 1952, one or more members) behind the content of `out`, which must be empty. Checksums are verified.
/// out_of_range: more than max_body_bytes, or past the first MiB more than max_ratio times the input; data_loss (transient): damaged or cut.
/// The whole body is there when this is called, so that libdeflate, which needs that, can serve every body; only the declared
/// size (ISIZE) is a guess, and a wrong one costs another pass.
[[nodiscard]] Status gunzip(std::string_view compressed, const Bounds& bounds, PageBuffer& out);

} // namespace dovetail::http
