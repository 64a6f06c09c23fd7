// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

/// A bound on everything that comes from outside. A module's own tuning lives with the module; what several share is here.
namespace dovetail::limits {

inline constexpr std::size_t max_json_depth = 128;
inline constexpr std::size_t max_page_bytes = 32U << 20U; ///< one decoded response body
inline constexpr std::size_t max_compressed_page_bytes = 16U << 20U;
inline constexpr std::size_t max_inflate_ratio = 200; ///< decoded bytes per compressed byte, past the first MiB
inline constexpr std::size_t max_header_bytes = 64U << 10U;
inline constexpr std::size_t max_headers = 200;
inline constexpr std::size_t max_redirects = 5;
inline constexpr std::size_t max_url_bytes = 8U << 10U;
inline constexpr std::size_t max_request_body_bytes = 8U << 20U;
inline constexpr std::size_t max_cursor_bytes = 16U << 10U;     ///< a plugin's cursor
inline constexpr std::size_t max_page_state_bytes = 16U << 10U; ///< what a plugin keeps for one page
inline constexpr std::size_t max_records_per_page = 10'000;
inline constexpr std::size_t max_manifest_bytes = 1U << 20U;
inline constexpr std::size_t max_config_bytes = 64U << 10U;         ///< a connection's config
inline constexpr std::size_t max_mapping_bytes = 256U << 10U;       ///< an override of a mapping
inline constexpr std::size_t max_accepted_fields_bytes = 8U << 20U; ///< of one object of one account
inline constexpr std::size_t max_secret_bytes = 64U << 10U;
inline constexpr std::size_t max_external_id_bytes = 512;
inline constexpr std::size_t max_error_message_bytes = 2U << 10U;
inline constexpr std::chrono::seconds max_retry_after{3600}; ///< a longer wish of a provider is cut to this

/// Readable bytes that must follow every buffer handed to the JSON engines.
inline constexpr std::size_t json_padding = 64;

} // namespace dovetail::limits
