// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/plugin/page.hpp"

namespace dovetail::sync {

/// Which page is wanted; see dvt_read_request.
struct PageRequest {
  std::string object;
  std::string cursor;
  std::optional<Timestamp> since;
  std::string filters = "{}";
  std::string parents = "[]";
  std::vector<std::string> fields = {};
  bool full = false;
  bool fresh = false;
};

struct FetchedState {
  std::string key;
  std::string value;
};

/// All that one read_page told.
struct FetchedPage {
  std::vector<plugin::PageRecords> records;
  std::vector<std::string> unchanged;
  std::vector<FetchedState> states;
  bool exhausted = false;
  std::string next_cursor;
  std::optional<Timestamp> high_water;
  std::int64_t requests = 0;
  std::int64_t not_modified = 0;

  /// The memory that its bodies take.
  [[nodiscard]] std::size_t body_bytes() const;
};

/// What a source cost its provider.
struct Exchanges {
  std::int64_t requests = 0;     ///< repeated ones among them
  std::int64_t not_modified = 0; ///< those of them that answered 304
};

/// Where pages come from: a plugin's instance with its connection, or a script in tests. One call at a time, from any thread.
class PageSource {
public:
  PageSource() = default;
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;
  PageSource(PageSource&&) = delete;
  PageSource& operator=(PageSource&&) = delete;
  virtual ~PageSource() = default;

  [[nodiscard]] virtual Result<FetchedPage> fetch(const PageRequest& request, const Cancellation& cancellation) = 0;
  /// All since the source was made, those of fetches that failed too. Not while a fetch is under way.
  [[nodiscard]] virtual Exchanges exchanges() const = 0;
};

/// Fetches one page ahead, on a thread of its own. At most one fetch is under way; destruction waits for it. Used by one thread.
class PagePipeline {
public:
  /// Behind a page of more bytes than this nothing is fetched ahead, so that two of the largest never stand in memory together.
  static constexpr std::size_t max_bytes_beside = std::size_t{16} << 20U;

  /// `prefetch`: on a thread of its own; otherwise when it is taken.
  PagePipeline(PageSource& source, bool prefetch, Cancellation cancellation)
      : source_(source), prefetch_(prefetch), cancellation_(std::move(cancellation)) {}
  PagePipeline(const PagePipeline&) = delete;
  PagePipeline& operator=(const PagePipeline&) = delete;
  PagePipeline(PagePipeline&&) = delete;
  PagePipeline& operator=(PagePipeline&&) = delete;
  ~PagePipeline();

  /// `bytes_beside`: of the page that is still held. Precondition: nothing is under way.
  void begin(PageRequest request, std::size_t bytes_beside = 0);
  [[nodiscard]] bool under_way() const noexcept { return under_way_; }
  /// Whether take() returns at once.
  [[nodiscard]] bool ready() const;
  /// Precondition: under_way().
  [[nodiscard]] Result<FetchedPage> take();

private:
  [[nodiscard]] Result<FetchedPage> fetch(const PageRequest& request);
  [[nodiscard]] bool start_worker();
  void work();

  PageSource& source_;
  bool prefetch_;
  Cancellation cancellation_;
  bool under_way_ = false;
  std::optional<PageRequest> later_; ///< fetched when it is taken

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  std::optional<PageRequest> asked_;
  std::optional<Result<FetchedPage>> fetched_;
  bool ended_ = false;

  std::thread worker_; ///< from the first fetch ahead on
};

} // namespace dovetail::sync
