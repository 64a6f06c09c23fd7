// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/abi/action.h"
#include "dovetail/abi/discovery.h"
#include "dovetail/abi/plugin.h"
#include "dovetail/abi/sync.h"
#include "dovetail/sdk/context.hpp"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/time.hpp"
#include "dovetail/testing/json_reader.hpp"
#include "dovetail/testing/scripted_http.hpp"

namespace dovetail::testing {

/// What a plugin told the sink with one call of records().
struct RecordedRecords {
  std::vector<std::string> records; ///< each as JSON text
  std::string url;                  ///< of the response they came from; empty for bytes
  std::string pointer;
  std::string constants;
  std::string page_key;
};

struct LogLine {
  sdk::LogLevel level;
  std::string message;
};

/// All that came of one read_page. Everything but `status` and `logs` counts only when `status` is ok.
struct RecordedPage {
  sdk::Status status;
  std::vector<RecordedRecords> records;
  std::vector<std::string> unchanged;
  std::vector<std::pair<std::string, std::string>> state;
  bool exhausted = false;
  std::string next_cursor;
  std::optional<sdk::Timestamp> high_water;
  std::vector<LogLine> logs;
  std::size_t requests = 0;       ///< sent by this call
  std::size_t leaked_handles = 0; ///< responses and documents that the plugin left to the host to release

  /// The records of all records() calls, in their order.
  [[nodiscard]] std::vector<std::string> all_records() const;
};

/// What to ask read_page for.
struct PageRequest {
  std::string object;
  std::string cursor = {};
  std::optional<sdk::Timestamp> since = {};
  std::string filters = "{}";
  std::string parents = "[]";
  std::vector<std::string> fields = {};
  bool full = false;
  bool fresh = false;
};

/// One field that a plugin discovered.
struct RecordedField {
  std::string key;
  std::string scope;
  std::string source;
  std::string label;
  std::string type;
  std::string provider_type;
  std::string options; ///< JSON, as it was told
  bool nullable = false;
  bool identifier = false;
  bool read_only = false;
};

/// All that came of one discovery. `fields` is empty unless `status` is ok.
struct Discovered {
  sdk::Status status;
  std::vector<RecordedField> fields;
  std::vector<LogLine> logs;
  std::size_t requests = 0;
  std::size_t leaked_handles = 0;
};

/// What to ask invoke for.
struct ActionCall {
  std::string action;
  std::string input = "{}";
  std::string idempotency_key = "key-1";
  bool repeated = false;
};

/// All that came of one action. `output` is empty unless `status` is ok.
struct Invoked {
  sdk::Status status;
  std::string output; ///< JSON
  std::vector<LogLine> logs;
  std::size_t requests = 0;
  std::size_t leaked_handles = 0;
};

/// A struct of the ABI with room behind it, for a host that pretends to be newer.
template <typename T> struct Grown {
  T base{};
  std::array<std::uint64_t, 8> later{0xA5A5A5A5A5A5A5A5U, 0xA5A5A5A5A5A5A5A5U, 0xA5A5A5A5A5A5A5A5U,
                                     0xA5A5A5A5A5A5A5A5U, 0xA5A5A5A5A5A5A5A5U, 0xA5A5A5A5A5A5A5A5U,
                                     0xA5A5A5A5A5A5A5A5U, 0xA5A5A5A5A5A5A5A5U};

  /// What a host of that minor number calls its size.
  [[nodiscard]] static std::uint32_t size(std::uint16_t minor) noexcept {
    return static_cast<std::uint32_t>(minor > DVT_ABI_MINOR ? sizeof(Grown) : sizeof(T));
  }
};

struct ConnectionTest {
  sdk::Status status;
  std::string findings; ///< what the plugin reported, JSON
};

/// A host for the tests of one plugin: scripted HTTP, a clock that stands still until it is moved, remembered state. It drives the plugin
/// through the ABI alone, so it also works for plugins that do not use this SDK, and it holds the plugin to the ABI's rules: a
/// broken rule fails the call with Code::internal and says which. For one thread.
class FakeHost {
public:
  /// A plugin that is linked into the test: `FakeHost host(&dvt_plugin_query);`
  explicit FakeHost(dvt_plugin_query_fn query);
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  FakeHost(FakeHost&&) = delete;
  FakeHost& operator=(FakeHost&&) = delete;

  /// A plugin as it is shipped: opens the shared object, which stays loaded.
  [[nodiscard]] static sdk::Result<std::unique_ptr<FakeHost>> open(const std::string& file);

  /// The plugin's descriptor; checked when `create` is called.
  [[nodiscard]] const dvt_plugin_descriptor* descriptor() const noexcept { return descriptor_; }
  /// Makes the instance that the calls below use; a second call replaces it.
  [[nodiscard]] sdk::Status create(std::string_view config = "{}", std::string_view settings = "{}",
                                   std::string_view base_url = "https://api.example.com");

  [[nodiscard]] RecordedPage read_page(const PageRequest& request);
  /// Reads on until the source is exhausted, a page fails or `max_pages` are read (then the last page's status says so).
  [[nodiscard]] std::vector<RecordedPage> read_all(PageRequest request, std::size_t max_pages = 100);
  [[nodiscard]] ConnectionTest test_connection();
  /// The fields of an object that only the account knows (dovetail.discovery/1).
  [[nodiscard]] Discovered discover(std::string_view object);
  /// Does something at the provider (dovetail.action/1).
  [[nodiscard]] Invoked invoke(const ActionCall& action);

  [[nodiscard]] ScriptedHttp& http() noexcept { return http_; }
  [[nodiscard]] sdk::Timestamp now() const noexcept { return now_; }
  void set_now(sdk::Timestamp now) noexcept { now_ = now; }
  void advance(std::chrono::microseconds duration) noexcept { now_ += duration; }
  /// What pages have kept so far; a test may change it.
  [[nodiscard]] std::map<std::string, std::string, std::less<>>& state() noexcept { return state_; }
  /// The page keys that unchanged() may be told for: those of the pages read so far. A test may change them.
  [[nodiscard]] std::set<std::string, std::less<>>& known_page_keys() noexcept { return page_keys_; }
  /// Makes every call look cancelled from now on, or after that many further requests.
  void cancel_after_requests(std::size_t requests) noexcept { cancel_after_ = http_.requests().size() + requests; }
  void cancel() noexcept { cancel_after_requests(0); }
  /// Each call's deadline, counted on this host's clock from its start.
  void set_call_timeout(std::optional<std::chrono::microseconds> timeout) noexcept { call_timeout_ = timeout; }

  /// Pretends to be a host of that later minor number: every struct and table it passes is longer than the plugin knows.
  void pretend_minor(std::uint16_t minor);

private:
  friend class FakeCall;

  dvt_plugin_query_fn query_;
  const dvt_plugin_descriptor* descriptor_ = nullptr;
  Grown<dvt_host> host_{};
  std::uint16_t minor_ = DVT_ABI_MINOR;
  const dvt_sync* sync_ = nullptr;
  const dvt_discovery* discovery_ = nullptr;
  const dvt_action* action_ = nullptr;
  dvt_instance* instance_ = nullptr;
  ScriptedHttp http_;
  sdk::Timestamp now_;
  std::map<std::string, std::string, std::less<>> state_;
  std::set<std::string, std::less<>> page_keys_;
  std::optional<std::size_t> cancel_after_;
  std::optional<std::chrono::microseconds> call_timeout_ = std::chrono::seconds(60);
};

} // namespace dovetail::testing
