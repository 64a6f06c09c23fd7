// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/json/kind.hpp"

namespace dovetail::plugin {

/// Bytes that hold records: a response's body, or what a plugin built. Behind them limits::json_padding more may be read. Immutable
/// once a plugin may see it; safe for concurrent reading.
class PageBody {
public:
  PageBody() = default;
  PageBody(const PageBody&) = delete;
  PageBody& operator=(const PageBody&) = delete;
  PageBody(PageBody&&) = delete;
  PageBody& operator=(PageBody&&) = delete;
  virtual ~PageBody() = default;

  [[nodiscard]] virtual std::string_view bytes() const noexcept = 0;
};

/// A value that goes with each record of a call, "$page/<name>" to a mapping: never an array or object.
struct PageConstant {
  std::string name;
  json::Kind kind = json::Kind::null;
  std::string text; ///< a string unescaped, a number as it was written, "true", "false"; "" for null
};

/// Some records of a page, checked but for the body itself.
struct PageRecords {
  // Shared: one response may hold several sets of records, and the plugin may still look at it until its call ends.
  std::shared_ptr<const PageBody> body;
  std::string pointer; ///< a well-formed JSON pointer
  std::vector<PageConstant> constants;
  std::string page_key; ///< at most 1024 bytes; "" = none
};

struct PageEnd {
  bool exhausted = false;
  std::string next_cursor; ///< JSON of at most limits::max_cursor_bytes; empty exactly when exhausted
  std::optional<Timestamp> high_water;
};

/// Where a page goes; the sync engine's. Called on the thread of read_page, in the order of the ABI's rules, which have been checked:
/// an Error of records, set_state or finish fails the page. Nothing told here counts unless read_page succeeds.
class PageSink {
public:
  PageSink() = default;
  PageSink(const PageSink&) = delete;
  PageSink& operator=(const PageSink&) = delete;
  PageSink(PageSink&&) = delete;
  PageSink& operator=(PageSink&&) = delete;
  virtual ~PageSink() = default;

  [[nodiscard]] virtual Status records(PageRecords records) = 0;
  /// The records last stored under this key still stand. False when none are known.
  [[nodiscard]] virtual Result<bool> unchanged(std::string_view page_key) = 0;
  /// "" removes.
  [[nodiscard]] virtual Status set_state(std::string_view key, std::string_view value) = 0;
  [[nodiscard]] virtual Status finish(const PageEnd& end) = 0;
};

/// Which page is wanted; see dvt_read_request. Borrowed for the call.
struct ReadPageRequest {
  std::string_view object;
  std::string_view cursor = {}; ///< "" for the first page
  std::optional<Timestamp> since = {};
  std::string_view filters = "{}";
  std::string_view parents = "[]";
  std::vector<std::string_view> fields = {};
  bool full = false;
  bool fresh = false;
};

/// Tells an endless read from a long one: a source whose cursors come round again never ends. Brent's algorithm: one kept cursor, found
/// at the latest after three times the pages up to the end of the first round. Not thread-safe.
class CursorGuard {
public:
  explicit CursorGuard(std::uint64_t max_pages = 1'000'000) : max_pages_(max_pages) {}
  /// To be told each next cursor of one read. Errors: failed_precondition when this cursor was there before, out_of_range past max_pages.
  [[nodiscard]] Status next(std::string_view cursor);

private:
  std::uint64_t max_pages_;
  std::uint64_t pages_ = 0;
  std::uint64_t renew_at_ = 1;
  std::string kept_;
};

} // namespace dovetail::plugin
