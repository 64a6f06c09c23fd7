// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/action.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/json/check.hpp"
#include "core/json/scan.hpp"
#include "core/plugin/slice.hpp"

namespace dovetail::plugin {

Status check_idempotency_key(std::string_view key) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (key.empty() || key.size() > ActionLimits::key_bytes || !std::all_of(key.begin(), key.end(), visible)) {
    return invalid_argument(
        fmt::format("An idempotency key has 1 to {} visible ASCII characters and no blanks", ActionLimits::key_bytes));
  }
  return {};
}

ActionCollector::ActionCollector(HostCall& frame) : frame_(frame) {
  sink_.struct_size = sizeof sink_;
  sink_.host = this;
  sink_.output = [](const dvt_call* call, const dvt_action_sink* self, dvt_slice json) noexcept -> dvt_code {
    return serve(call, [&](HostCall& running) -> Status {
      if (running.action == nullptr || self != &running.action->sink_) {
        return running.misuse("sink.output with a sink that is not this call's");
      }
      return running.action->output(to_view(json));
    });
  };
  frame_.action = this;
}

Status ActionCollector::output(std::string_view json) {
  if (output_) {
    return frame_.misuse("sink.output twice");
  }
  if (json.size() > ActionLimits::output_bytes) {
    return frame_.misuse(
        fmt::format("sink.output with {} bytes, of at most {}", json.size(), ActionLimits::output_bytes));
  }
  const auto found = json::check(json).ok() ? json::find_at(json, "") : Result<json::Found>(json::Found{});
  if (!found.ok() || found->kind != json::Kind::object) {
    return frame_.misuse("sink.output with what is no JSON object");
  }
  output_ = json;
  return {};
}

Result<std::string> ActionCollector::outcome(Status of_call, std::string_view plugin) && {
  DOVETAIL_TRY_STATUS(std::move(of_call));
  if (!output_) {
    return internal(
        fmt::format("The plugin {} broke a rule of the plugin ABI: invoke succeeded without sink.output. Report it to "
                    "the plugin's author, or install another version",
                    plugin));
  }
  auto redacted = frame_.services().redactor.redact(*output_);
  if (!json::check(redacted).ok()) {
    // Blanking a secret broke the text: that it was done is worth more than what was said of it.
    return std::string(R"({"redacted":true})");
  }
  return redacted;
}

} // namespace dovetail::plugin
