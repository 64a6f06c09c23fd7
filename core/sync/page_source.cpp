// SPDX-License-Identifier: Apache-2.0
#include "core/sync/page_source.hpp"

#include <cassert>
#include <exception>
#include <set>
#include <system_error>
#include <utility>

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

PagePipeline::~PagePipeline() {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) {
    worker_.join();
  }
}

void PagePipeline::begin(PageRequest request, std::size_t bytes_beside) {
  assert(!under_way());
  under_way_ = true;
  // Where the system gives no more threads it is slower, but goes on.
  if (!prefetch_ || bytes_beside > max_bytes_beside || !start_worker()) {
    later_ = std::move(request);
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    asked_ = std::move(request);
  }
  changed_.notify_all();
}

bool PagePipeline::start_worker() {
  if (worker_.joinable()) {
    return true;
  }
  try {
    worker_ = std::thread([this] { work(); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void PagePipeline::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return asked_ || ended_; });
    if (!asked_) {
      return;
    }
    const PageRequest request = *std::exchange(asked_, std::nullopt);
    lock.unlock();
    auto page = fetch(request);
    lock.lock();
    fetched_.emplace(std::move(page));
    changed_.notify_all();
  }
}

Result<FetchedPage> PagePipeline::fetch(const PageRequest& request) {
  try {
    return source_.fetch(request, cancellation_);
  } catch (const std::exception& problem) {
    return internal(std::string("A page could not be fetched: ") + problem.what());
  }
}

bool PagePipeline::ready() const {
  const std::scoped_lock lock(mutex_);
  return fetched_.has_value();
}

Result<FetchedPage> PagePipeline::take() {
  assert(under_way());
  under_way_ = false;
  if (later_) {
    return fetch(*std::exchange(later_, std::nullopt));
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return fetched_.has_value(); });
  return *std::exchange(fetched_, std::nullopt);
}

} // namespace dovetail::sync
