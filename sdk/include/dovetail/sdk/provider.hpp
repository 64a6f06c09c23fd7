// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/abi/sync.h"
#include "dovetail/sdk/context.hpp"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/http.hpp"
#include "dovetail/sdk/time.hpp"

namespace dovetail::sdk {

/// What a provider is made from. The views live until its construction ends: keep copies.
struct Config {
  std::string_view config; ///< the connection's config, a JSON object that fits the manifest's schema; holds no secret
  std::string_view settings; ///< the manifest's "settings", a JSON object
  std::string_view base_url; ///< without a trailing slash
};

/// Which page is wanted. The views live until read_page returns.
struct ReadRequest {
  std::string_view object;              ///< the object's key in the manifest
  std::string_view cursor;              ///< empty for the first page, else what the page before gave to Page::next
  std::optional<Timestamp> since;       ///< changed at or after this instant; none = from the beginning
  std::string_view filters;             ///< a JSON object: pointer of a field -> array of the values wanted; a hint
  std::string_view parents;             ///< a JSON array of the parent rows to read below, "[]" without a parent
  std::vector<std::string_view> fields; ///< JSON pointers that the mapping asks for: a hint
  bool full = false;                    ///< everything that exists is wanted
  bool fresh = false;                   ///< Context::state answers nothing: read every page really

  [[nodiscard]] bool first_page() const noexcept { return cursor.empty(); }
};

/// Where some records of a page stand and what goes with them.
struct Records {
  std::string_view pointer = {};   ///< to the array of records, or the one record, in the response; "" = the whole body
  std::string_view constants = {}; ///< a JSON object of scalars that each record gets as "$page/<name>"; "" = none
  std::string_view page_key = {}; ///< names these records the same on every pass; needed for Page::unchanged; "" = none
};

/// The page being read. Everything told here becomes durable together, after read_page returned success, or not at all.
class Page {
public:
  Page(const dvt_call* call, const dvt_page_sink* sink) noexcept : call_(call), sink_(sink) {}

  /// Hands over records that stand in a response; the response may go out of scope at once.
  [[nodiscard]] Status records(const Response& response, const Records& where = {}) {
    return give(response.handle(), {}, where);
  }
  /// Hands over records that the plugin built as JSON.
  [[nodiscard]] Status records_json(std::string_view json, const Records& where = {}) {
    return give(nullptr, json, where);
  }
  /// The records last told under this key still stand (a 304). False when the host knows none: read them then.
  [[nodiscard]] Result<bool> unchanged(std::string_view page_key) {
    const dvt_code code = sink_->unchanged(call_, sink_, detail::slice(page_key));
    if (code == DVT_OK || code == DVT_NOT_FOUND) {
      return code == DVT_OK;
    }
    return detail::error_of(call_, code);
  }
  /// Keeps `value` ("" removes) under `key` for Context::state of later calls.
  [[nodiscard]] Status set_state(std::string_view key, std::string_view value) {
    return result(sink_->set_state(call_, sink_, detail::slice(key), detail::slice(value)));
  }
  /// Ends the page: another follows, read with `cursor`. Last call of read_page, once.
  [[nodiscard]] Status next(std::string_view cursor, std::optional<Timestamp> high_water = std::nullopt) {
    return finish(false, cursor, high_water);
  }
  /// Ends the page: nothing follows. `high_water` is where the next delta may begin. Last call of read_page, once.
  [[nodiscard]] Status exhausted(std::optional<Timestamp> high_water = std::nullopt) {
    return finish(true, {}, high_water);
  }

private:
  [[nodiscard]] Status result(dvt_code code) const {
    return code == DVT_OK ? Status() : Status(detail::error_of(call_, code));
  }
  [[nodiscard]] Status give(const dvt_http_response* response, std::string_view bytes, const Records& where) {
    dvt_records raw{};
    raw.struct_size = sizeof raw;
    raw.response = response;
    raw.bytes = detail::slice(bytes);
    raw.pointer = detail::slice(where.pointer);
    raw.constants = detail::slice(where.constants);
    raw.page_key = detail::slice(where.page_key);
    return result(sink_->records(call_, sink_, &raw));
  }
  [[nodiscard]] Status finish(bool exhausted, std::string_view cursor, std::optional<Timestamp> high_water) {
    dvt_page_end raw{};
    raw.struct_size = sizeof raw;
    raw.exhausted = exhausted ? 1 : 0;
    raw.next_cursor = detail::slice(cursor);
    raw.high_water_us = high_water ? high_water->time_since_epoch().count() : DVT_NO_TIME;
    return result(sink_->finish(call_, sink_, &raw));
  }

  const dvt_call* call_;
  const dvt_page_sink* sink_;
};

/// Takes what a connection test found out.
class Report {
public:
  Report(dvt_report report, void* context) noexcept : report_(report), context_(context) {}
  /// A JSON object for people: user, scopes, expiry. A later one replaces it. Worth telling on failure too.
  void tell(std::string_view json) noexcept { report_(context_, detail::slice(json)); }

private:
  dvt_report report_;
  void* context_;
};

/// One connection's plugin object: derive from it. It is made by a constructor `(const Config&)`, or, when making it can fail, by
/// `static Result<std::unique_ptr<Self>> create(Context&, const Config&)`. Used by one thread at a time; several may exist. It keeps no
/// progress between calls: what must last goes into the cursor or the state. An exception out of it becomes Code::internal.
class Provider {
public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  Provider(Provider&&) = delete;
  Provider& operator=(Provider&&) = delete;
  virtual ~Provider() = default;

  /// Reads one page of one object. Ends with exactly one of page.next and page.exhausted, or an Error.
  [[nodiscard]] virtual Status read_page(Context& context, const ReadRequest& request, Page& page) = 0;
  /// One minimal authenticated request.
  [[nodiscard]] virtual Status test_connection(Context& context, Report& report) = 0;
};

/// How one object is read. A Provider with several objects keeps one reader for each in Readers.
class ObjectReader {
public:
  ObjectReader() = default;
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;
  ObjectReader(ObjectReader&&) = delete;
  ObjectReader& operator=(ObjectReader&&) = delete;
  virtual ~ObjectReader() = default;

  [[nodiscard]] virtual Status read_page(Context& context, const ReadRequest& request, Page& page) = 0;
};

/// The readers of a provider by object key, so that a new object is one class and one add() (CORE-6).
class Readers {
public:
  template <typename Reader, typename... Args> void add(std::string object, Args&&... args) {
    readers_.emplace_back(std::move(object), std::make_unique<Reader>(std::forward<Args>(args)...));
  }
  /// Reads with the object's reader; Code::unimplemented names the objects there are when it has none.
  [[nodiscard]] Status read_page(Context& context, const ReadRequest& request, Page& page) {
    std::string known;
    for (const auto& [object, reader] : readers_) {
      if (object == request.object) {
        return reader->read_page(context, request, page);
      }
      known += known.empty() ? object : ", " + object;
    }
    return make_error(Code::unimplemented,
                      "this plugin does not read the object \"" + std::string(request.object) + "\", only: " + known);
  }

private:
  std::vector<std::pair<std::string, std::unique_ptr<ObjectReader>>> readers_;
};

} // namespace dovetail::sdk
