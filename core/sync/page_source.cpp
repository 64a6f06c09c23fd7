// SPDX-License-Identifier: Apache-2.0
#include "core/sync/page_source.hpp"

#include <cassert>
#include <exception>
#include <set>
#include <system_error>

namespace dovetail::sync {

std::size_t FetchedPage::body_bytes() const {
  std::set<const plugin::PageBody*> bodies; // several sets of records may stand in one
  std::size_t bytes = 0;
  for (const auto& part : records) {
    if (bodies.insert(part.body.get()).second) {
      bytes += part.body->bytes().size();
    }
  }
  return bytes;
}

void PagePipeline::begin(PageRequest request, std::size_t bytes_beside) {
  assert(!under_way());
  const auto policy = prefetch_ && bytes_beside <= max_bytes_beside ? std::launch::async : std::launch::deferred;
  const auto fetch = [this, asked = std::move(request)] { return source_.fetch(asked, cancellation_); };
  try {
    fetch_ = std::async(policy, fetch);
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
