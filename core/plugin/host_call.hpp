// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/context.hpp"
#include "core/base/result.hpp"
#include "core/plugin/page.hpp"
#include "core/plugin/services.hpp"
#include "dovetail/abi/http.h"
#include "dovetail/abi/json.h"
#include "dovetail/abi/plugin.h"
#include "dovetail/abi/sync.h"

namespace dovetail::plugin {

/// What one call may use and do.
struct CallLimits {
  static constexpr std::size_t handles = 1024;                      ///< responses, and as many JSON documents
  static constexpr std::size_t held_bytes = std::size_t{64} << 20U; ///< bodies and documents alive, the sink's too
  static constexpr std::size_t records = 256;                       ///< calls of records() a page
  static constexpr std::size_t states = 1024;                       ///< calls of set_state() a page, of get() a call
  static constexpr std::size_t key_bytes = 1024;                    ///< page_key, state key
  static constexpr std::size_t constants = 64;                      ///< members
  static constexpr std::size_t constants_bytes = std::size_t{64} << 10U; ///
  static constexpr std::size_t pointers = 64;                            ///< of one for_each
  static constexpr std::size_t log_lines = 1000;                         ///
  static constexpr std::size_t log_bytes = 2048;                         ///< a line
  static constexpr std::size_t request_id_bytes = 128;                   ///
  static constexpr std::size_t report_bytes = std::size_t{16} << 10U;    ///
};

/// The frame of one call into a plugin: the ABI structs that it gets, the handles it holds, the first rule that it broke. It exists on
/// the calling thread for as long as the call, and is what host services find by their dvt_call; a dvt_call of another thread or
/// an ended call is recognised without being followed. Frames nest. Not thread-safe.
class HostCall {
public:
  struct Options {
    std::string_view base_url = {}; ///< what stands before a URL that begins with '/'; lives as long as the frame
    bool allow_http = true;
    bool fresh = false; ///< state answers nothing
  };

  HostCall(const HostServices& services, Cancellation cancellation, Options options);
  ~HostCall();
  HostCall(const HostCall&) = delete;
  HostCall& operator=(const HostCall&) = delete;
  HostCall(HostCall&&) = delete;
  HostCall& operator=(HostCall&&) = delete;

  [[nodiscard]] const dvt_call* raw() const noexcept { return &call_; }
  /// The frame of this call, if it is the one that runs on this thread.
  [[nodiscard]] static HostCall* of(const dvt_call* call) noexcept;
  [[nodiscard]] static HostCall* running() noexcept;

  [[nodiscard]] const HostServices& services() const noexcept { return services_; }
  [[nodiscard]] const Cancellation& cancellation() const noexcept { return cancellation_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] Status check_alive() const { return cancellation_.check(services_.clock); }

  /// Notes that the plugin broke a rule (the first counts: the call fails with it, whatever the plugin returns) and gives the Error to answer.
  [[nodiscard]] Error misuse(std::string_view rule);
  /// Puts the Error where the plugin finds it; returns its code.
  dvt_code fail(const Error& error) noexcept;
  dvt_code fail(ErrorCode code, std::string_view message) noexcept;
  /// What came of the call that returned `code`. `plugin` is for messages.
  [[nodiscard]] Status outcome(dvt_code code, std::string_view plugin) const;

  struct Response {
    std::shared_ptr<const HttpResponse> answer; ///< null once released
    std::size_t bytes = 0;                      ///< of its body
    std::size_t documents = 0;                  ///< that look into it and keep it alive
    bool is_json = false;                       ///< the body has been checked
    bool given = false;                         ///< to the sink, which keeps it
  };
  struct Document {
    std::shared_ptr<const PageBody> body; ///< null once released
    Response* source = nullptr;           ///< whose body it is; null when it is the document's own
    /// Strings that had escapes, by where they stand: views of them live as long as the document.
    std::unordered_map<const char*, std::string> unescaped;
  };
  /// The handle of a new response or document; resource_exhausted when the call holds too much.
  [[nodiscard]] Result<dvt_http_response*> hold(std::shared_ptr<const HttpResponse> answer);
  [[nodiscard]] Result<dvt_json_document*> hold(std::shared_ptr<const PageBody> body, Response* source);
  /// What a handle names while it is held; nullptr for any other pointer, which is never followed.
  [[nodiscard]] Response* find(const dvt_http_response* handle) noexcept;
  [[nodiscard]] Document* find(const dvt_json_document* handle) noexcept;
  void release(Response& response) noexcept;
  void release(Document& document) noexcept;
  /// Room for bytes that stay until the call ends.
  [[nodiscard]] Status reserve(std::size_t bytes);

  /// The state under `key`, read once; lives until the call ends.
  [[nodiscard]] Result<std::string_view> state(std::string_view key);
  void log(std::int32_t level, std::string_view message);
  /// Foreign text made fit for people's eyes: cut, valid, without secrets.
  [[nodiscard]] std::string redacted(std::string_view text, std::size_t max_bytes) const;

  /// What only read_page has; set by PageWriter.
  class PageWriter* page = nullptr;
  /// What only discover has; set by FieldCollector.
  class FieldCollector* fields = nullptr;
  /// What only invoke has; set by ActionCollector.
  class ActionCollector* action = nullptr;
  /// What only test_connection has.
  std::string* findings = nullptr;

private:
  void give_up(Response& response) noexcept;

  const HostServices& services_;
  const Cancellation cancellation_;
  const Options options_;
  HostCall* const outer_;
  dvt_error error_{};
  dvt_call call_{};
  std::string message_;
  std::string request_id_;
  std::string broken_rule_;
  // Kept, emptied, until the call ends: a stale handle never names a newer thing.
  std::vector<std::unique_ptr<Response>> responses_;
  std::vector<std::unique_ptr<Document>> documents_;
  std::size_t held_bytes_ = 0;
  std::map<std::string, std::string, std::less<>> states_;
  std::size_t log_lines_ = 0;
};

/// The table of a host capability, or nullptr.
[[nodiscard]] const void* host_capability(std::string_view id) noexcept;

/// Runs a host service for the plugin (`work` takes the frame, gives a Status): nothing is thrown into the plugin.
template <typename Work> [[nodiscard]] dvt_code serve(const dvt_call* call, Work&& work) noexcept {
  HostCall* const frame = HostCall::of(call);
  if (frame == nullptr) {
    return DVT_FAILED_PRECONDITION;
  }
  try {
    const Status status = work(*frame);
    return status.ok() ? DVT_OK : frame->fail(status.error());
  } catch (const std::bad_alloc&) {
    return frame->fail(ErrorCode::resource_exhausted, "out of memory");
  } catch (...) {
    return frame->fail(ErrorCode::internal, "a host service failed unexpectedly");
  }
}

} // namespace dovetail::plugin
