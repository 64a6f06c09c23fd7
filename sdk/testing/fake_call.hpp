// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/abi/action.h"
#include "dovetail/abi/discovery.h"
#include "dovetail/abi/http.h"
#include "dovetail/abi/json.h"
#include "dovetail/abi/services.h"
#include "dovetail/abi/sync.h"
#include "dovetail/testing/fake_host.hpp"

namespace dovetail::testing {

/// One call into the plugin: the ABI structs that it gets, the handles it holds, and what it told the sink. For one thread.
class FakeCall {
public:
  explicit FakeCall(FakeHost& host);

  [[nodiscard]] const dvt_call* raw() const noexcept { return &call_.base; }
  [[nodiscard]] const dvt_page_sink* sink() const noexcept { return &sink_.base; }
  [[nodiscard]] const dvt_field_sink* field_sink() const noexcept { return &field_sink_.base; }
  [[nodiscard]] const dvt_action_sink* action_sink() const noexcept { return &action_sink_.base; }
  [[nodiscard]] RecordedPage& page() noexcept { return page_; }
  [[nodiscard]] std::vector<RecordedField>& fields() noexcept { return fields_; }
  [[nodiscard]] std::optional<std::string>& output() noexcept { return output_; }
  /// The call's outcome: the plugin's code with the error it left, or the first rule that it broke.
  [[nodiscard]] sdk::Status outcome(dvt_code code) const;
  /// read_page may give state and must finish; other calls may not send either.
  void expect_finish() { broken_if_unfinished_ = true; }
  void forbid_http() { http_forbidden_ = true; }
  void fresh() { fresh_ = true; }
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  /// Counts what the plugin did not release.
  void close();

  static const void* capability(const dvt_host* host, dvt_slice id) noexcept;

private:
  struct Response {
    int status = 0;
    Headers headers;
    std::string url;
    std::string body;
    bool released = false;
  };
  struct Document {
    std::shared_ptr<const JsonTree> tree;
    bool released = false;
  };

  [[nodiscard]] static FakeCall& of(const dvt_call* call) noexcept { return *static_cast<FakeCall*>(call->host); }
  /// Notes a broken rule (the first counts) and fails.
  dvt_code broken(std::string rule);
  dvt_code failed(const sdk::Error& error);
  [[nodiscard]] Response* find(const dvt_http_response* handle);
  [[nodiscard]] Document* find(const dvt_json_document* document);
  [[nodiscard]] bool ended() const;
  dvt_code end_code();

  dvt_code send(const dvt_http_request& request, dvt_http_response** out);
  dvt_code make_document(std::string_view text, dvt_json_document** out);
  dvt_code for_each(const Document& document, std::string_view container, const std::vector<std::string>& pointers,
                    dvt_json_visit visit, void* context);
  dvt_code take_records(const dvt_records& records);
  dvt_code take_end(const dvt_page_end& end);
  void prepare_account_sinks();
  dvt_code take_field(const dvt_field& field);
  dvt_code take_output(std::string_view json);

  static void set_message(dvt_error* error, dvt_slice text) noexcept;
  static void set_request_id(dvt_error* error, dvt_slice text) noexcept;
  static dvt_slice get_message(const dvt_error* error) noexcept;
  static dvt_slice get_request_id(const dvt_error* error) noexcept;
  static const dvt_http http_table;
  static const dvt_json json_table;
  static const dvt_log log_table;
  static const dvt_clock clock_table;
  static const dvt_state state_table;

  FakeHost& host_;
  Grown<dvt_error> error_;
  Grown<dvt_call> call_;
  Grown<dvt_page_sink> sink_;
  Grown<dvt_field_sink> field_sink_;
  Grown<dvt_action_sink> action_sink_;
  std::string message_;
  std::string request_id_;
  std::vector<std::unique_ptr<Response>> responses_; // kept until the call ends, so that a stale handle is recognised
  std::vector<std::unique_ptr<Document>> documents_;
  std::string broken_rule_;
  RecordedPage page_;
  std::vector<RecordedField> fields_;
  std::optional<std::string> output_;
  bool finished_ = false;
  bool broken_if_unfinished_ = false;
  bool http_forbidden_ = false;
  bool fresh_ = false;
};

} // namespace dovetail::testing
