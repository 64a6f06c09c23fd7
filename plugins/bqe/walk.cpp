// SPDX-License-Identifier: Apache-2.0
#include "walk.hpp"

#include <algorithm>
#include <utility>

#include "api.hpp"

namespace dovetail::bqe {
namespace {

using namespace sdk;

/// FNV-1a, then mixed: sums of it tell sets of ids apart.
std::uint64_t hash_of(std::string_view id) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  hash ^= hash >> 33U;
  hash *= 0xFF51AFD7ED558CCDU;
  return hash ^ (hash >> 33U);
}

} // namespace

void PageLook::add(std::string_view id, const JsonValue& instant, std::string_view from) {
  ++rows;
  const auto time = instant.timestamp();
  const std::string second = time ? literal_of(*time) : std::string();
  // Rows without an instant stand before all others; once one had one, the next must not be earlier.
  in_order = in_order && second >= last && second >= from;
  if (time) {
    newest = std::max(newest.value_or(*time), *time);
    if (first.empty()) {
      first = second;
    }
  }
  last = second;
  if (second == from) {
    group += hash_of(id);
  }
}

void Walk::begin(std::string second) {
  *this = Walk();
  from = std::move(second);
}

Result<Walk::Step> Walk::advance(const PageLook& look, std::size_t size, bool can_widen) {
  if (!look.in_order) {
    return make_error(
        Code::failed_precondition,
        "BQE CORE does not keep to the order or the filter that was asked for, so no page can be told from the next: "
        "correct delta.field, delta.operator and delta.literalSuffix of the manifest's settings");
  }
  const bool full = look.rows >= size;
  const bool same_second = full && look.last <= from;
  if (same_second && page == 0 && !wide && can_widen) {
    wide = true;
    return Step::more;
  }
  sum += look.group;
  if (same_second) {
    ++page;
    return Step::more;
  }
  if (page > 0 && previous != sum) {
    if (++readings == most_readings) {
      return make_error(
          Code::unavailable,
          "more rows than a page holds carry the instant " + (from.empty() ? "(none)" : from) +
              " and change while they are read: try again, or name a second key of the order in \"tieBreaker\"",
          Retry::transient);
    }
    previous = sum;
    sum = 0;
    page = 0;
    return Step::more;
  }
  if (!full) {
    return Step::end;
  }
  begin(look.last);
  return Step::more;
}

} // namespace dovetail::bqe
