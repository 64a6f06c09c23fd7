// SPDX-License-Identifier: Apache-2.0
#include "layout.h" // the same tables, as C++20 has them

#include <type_traits>

static_assert(std::is_trivial_v<dvt_error> && std::is_standard_layout_v<dvt_error>);
static_assert(std::is_trivial_v<dvt_call> && std::is_standard_layout_v<dvt_call>);
static_assert(std::is_trivial_v<dvt_read_request> && std::is_standard_layout_v<dvt_read_request>);
// A function that may throw cannot be put into a table.
static_assert(
    !std::is_assignable_v<decltype((dvt_sync::read_page)),
                          dvt_code (*)(dvt_instance*, const dvt_call*, const dvt_read_request*, const dvt_page_sink*)>);
