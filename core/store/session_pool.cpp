// SPDX-License-Identifier: Apache-2.0
#include "core/store/session_pool.hpp"

namespace dovetail::store::detail {

SessionPool::Lease::~Lease() {
  if (session_ != nullptr) {
    pool_->give_back(std::move(session_), discard_);
  }
}

Result<SessionPool::Lease> SessionPool::acquire() {
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, wait_limit_, [this] { return out_ < size_; })) {
      Error error = resource_exhausted(
          "all " + std::to_string(size_) +
          " database connections of this process stayed in use; allow more of them or run fewer jobs at once");
      error.retry = RetryClass::transient;
      return error;
    }
    ++out_;
    if (!idle_.empty()) {
      std::unique_ptr<Session> session = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(session));
    }
  }
  // Connecting takes network time: outside the lock, with the place already counted.
  auto made = make_();
  if (!made.ok()) {
    give_back(nullptr, true);
    return std::move(made).error();
  }
  return Lease(*this, std::move(made).value());
}

void SessionPool::drop_idle() {
  std::vector<std::unique_ptr<Session>> dropped;
  const std::scoped_lock lock(mutex_);
  dropped.swap(idle_);
}

void SessionPool::give_back(std::unique_ptr<Session> session, bool discard) {
  if (session != nullptr && (discard || !session->connected())) {
    session.reset();
  }
  {
    const std::scoped_lock lock(mutex_);
    --out_;
    if (session != nullptr) {
      idle_.push_back(std::move(session));
    }
  }
  freed_.notify_one();
}

} // namespace dovetail::store::detail
