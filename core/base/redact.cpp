// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

namespace dovetail {

struct Redactor::State {};

Redactor::Redactor() : state_(std::make_unique<State>()) {}
Redactor::~Redactor() = default;

} // namespace dovetail
