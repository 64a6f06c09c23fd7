// SPDX-License-Identifier: Apache-2.0
#include "core/sync/page_source.hpp"

#include <cassert>
#include <exception>
#include <system_error>

namespace dovetail::sync {

void PagePipeline::begin(PageRequest request) {
  assert(!under_way());
  const auto fetch = [this, asked = std::move(request)] { return source_.fetch(asked, cancellation_); };
  try {
    fetch_ = std::async(policy_, fetch);
  } catch (const std::system_error&) {
    // The system gives no more threads: slower, but it goes on.
    fetch_ = std::async(std::launch::deferred, fetch);
  }
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
