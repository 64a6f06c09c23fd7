// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "dovetail/abi/action.h"
#include "dovetail/sdk/context.hpp"
#include "dovetail/sdk/error.hpp"

namespace dovetail::sdk {

/// What is to be done. The views live until invoke returns.
struct ActionRequest {
  std::string_view action;          ///< the action's key in the manifest
  std::string_view input;           ///< a JSON object that fits the manifest's schema
  std::string_view idempotency_key; ///< the same on every attempt
  bool repeated = false;            ///< an earlier attempt may have reached the provider
};

/// Takes what came of an action.
class ActionResult {
public:
  ActionResult(const dvt_call* call, const dvt_action_sink* sink) noexcept : call_(call), sink_(sink) {}

  /// A JSON object of at most 64 KiB, without secrets. Exactly once, where invoke succeeds.
  [[nodiscard]] Status output(std::string_view json) {
    const dvt_code code = sink_->output(call_, sink_, detail::slice(json));
    return code == DVT_OK ? Status() : Status(detail::error_of(call_, code));
  }

private:
  const dvt_call* call_;
  const dvt_action_sink* sink_;
};

/// What a Provider derives from as well when it can do something at the provider. DOVETAIL_PLUGIN then offers dovetail.action/1.
class Actions {
public:
  Actions() = default;
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  Actions(Actions&&) = delete;
  Actions& operator=(Actions&&) = delete;
  virtual ~Actions() = default;

  /// Does it once. What the provider refused comes back as the Error of its status (Response::check): that proves that nothing was
  /// done. Code::unavailable and Code::deadline_exceeded say that nobody knows; those of Context::send do so by themselves.
  [[nodiscard]] virtual Status invoke(Context& context, const ActionRequest& request, ActionResult& result) = 0;
};

} // namespace dovetail::sdk
