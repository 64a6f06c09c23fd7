// SPDX-License-Identifier: Apache-2.0
#include "core/sync/page_source.hpp"

#include <cassert>
#include <exception>

namespace dovetail::sync {

void PagePipeline::begin(PageRequest request) {
  assert(!under_way());
  fetch_ = std::async(policy_, [this, asked = std::move(request)] { return source_.fetch(asked, cancellation_); });
}

Result<FetchedPage> PagePipeline::take() {
  assert(under_way());
  try {
    return fetch_.get();
  } catch (const std::exception& problem) {
    return internal(std::string("A page could not be fetched: ") + problem.what());
  }
}

} // namespace dovetail::sync
