// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators {

/// One request and its answer as they were recorded.
struct Exchange {
  std::string scenario = {};
  std::int64_t sequence = 0; ///< place in the scenario, from 1
  std::string method = "GET";
  std::string host = {};
  std::string target = {}; ///< path and query
  std::vector<Header> request_headers = {};
  int status = 200;
  std::vector<Header> headers = {};
  std::string body = {};
};

/// Reads a file of recordings: one JSON object a line with `scenario`, `seq`, `method`, `host`, `path`, `req_headers`, `status`,
/// `headers` (pairs) and `body`. Keeps the named scenarios, in the file's order; all of them when none is named. A scenario that
/// is not in the file, or a line that does not have this form, is an error.
[[nodiscard]] Result<std::vector<Exchange>> load_recordings(const std::string& file,
                                                            const std::vector<std::string>& scenarios = {});

struct ReplayOptions {
  /// Where the recordings were made; Link and Location headers that point there are turned to `base`.
  std::string recorded_base = "https://api.github.com";
  /// What takes its place; empty: "http://" and the request's Host header.
  std::string base = {};
  /// Off: Link and Location keep pointing at the recorded host, which a client must not follow.
  bool rewrite_links = true;
  /// Parameters that do not count when a request is compared with a recording, such as "per_page".
  std::set<std::string> ignored_parameters = {};
  /// When no recording has the same query, one of the same path will do.
  bool fall_back_to_path = false;
  /// A request whose If-None-Match names the recorded answer's ETag gets 304, recorded or not.
  bool conditional = true;
};

/// Answers from recordings. A request matches by method, path and query (in any order of parameters, after
/// percent-decoding); several recordings of one request are served in their order, and the last one again and again. A recorded 304 is
/// only for requests with If-None-Match. Content-Encoding, Transfer-Encoding and Content-Length are dropped: recorded bodies
/// are plain text, often of another length than stated. What matches nothing gets 404 and is remembered. Thread-safe.
class Replay final : public Handler {
public:
  explicit Replay(std::vector<Exchange> exchanges, ReplayOptions options = {});

  [[nodiscard]] Answer handle(const SimRequest& request) override;

  /// Puts an exchange after those that are there, for what no recording holds.
  void add(Exchange exchange);
  /// "GET /path" of the requests that matched nothing.
  [[nodiscard]] std::vector<std::string> unmatched() const;
  [[nodiscard]] std::uint64_t served() const;
  /// Starts every sequence over.
  void rewind();

private:
  struct Sequence {
    std::vector<std::size_t> exchanges;
    std::size_t next = 0;
  };
  [[nodiscard]] std::string key_of(const std::string& method, std::string_view target, bool with_query) const;
  [[nodiscard]] const Exchange* choose(Sequence& sequence, bool conditional) const;
  [[nodiscard]] Answer answer_with(const Exchange& exchange, const SimRequest& request) const;
  void insert(std::size_t index);

  const ReplayOptions options_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::vector<Exchange> exchanges_;
  std::map<std::string, Sequence> by_request_;
  std::map<std::string, Sequence> by_path_;
  std::vector<std::string> unmatched_;
  std::uint64_t served_ = 0;
};

} // namespace dovetail::simulators
