// SPDX-License-Identifier: Apache-2.0
#include "core/http/connection_pool.hpp"

#include <utility>

namespace dovetail::http {

std::vector<ConnectionPool::Idle> ConnectionPool::remove_expired() {
  std::vector<Idle> expired;
  const auto oldest = clock_.monotonic_now() - options_.idle_timeout;
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    auto& list = entry->second; // in the order in which they came back
    std::size_t old = 0;
    while (old < list.size() && list[old].since < oldest) {
      expired.push_back(std::move(list[old]));
      ++old;
    }
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(old));
    entry = list.empty() ? idle_.erase(entry) : std::next(entry);
  }
  count_ -= expired.size();
  return expired;
}

std::unique_ptr<Connection> ConnectionPool::take(const std::string& key) {
  while (true) {
    std::vector<Idle> expired;
    std::unique_ptr<Connection> connection;
    {
      const std::scoped_lock lock(mutex_);
      expired = remove_expired();
      const auto found = idle_.find(key);
      if (found == idle_.end()) {
        return nullptr;
      }
      connection = std::move(found->second.back().connection);
      found->second.pop_back();
      --count_;
      if (found->second.empty()) {
        idle_.erase(found);
      }
    }
    if (connection->quiet()) {
      return connection;
    }
  }
}

void ConnectionPool::put(const std::string& key, std::unique_ptr<Connection> connection) {
  std::vector<Idle> expired;
  const std::scoped_lock lock(mutex_);
  expired = remove_expired();
  if (count_ >= options_.max_idle || options_.max_idle_per_origin == 0) {
    return;
  }
  auto& list = idle_[key];
  if (list.size() < options_.max_idle_per_origin) {
    list.push_back(Idle{.connection = std::move(connection), .since = clock_.monotonic_now()});
    ++count_;
  }
}

std::size_t ConnectionPool::idle() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

} // namespace dovetail::http
