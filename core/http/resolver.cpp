// SPDX-License-Identifier: Apache-2.0
#include "core/http/resolver.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace dovetail::http {
namespace {

using Addresses = std::vector<IpAddress>;

// How soon a waiting call notices that it was cancelled.
constexpr std::chrono::milliseconds slice{50};
constexpr std::size_t max_addresses = 32;

std::optional<IpAddress> address_of(const addrinfo& entry) {
  if (entry.ai_family == AF_INET && entry.ai_addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in address{};
    std::memcpy(&address, entry.ai_addr, sizeof address);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &address.sin_addr, bytes.size());
    return IpAddress::v4(bytes);
  }
  if (entry.ai_family == AF_INET6 && entry.ai_addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 address{};
    std::memcpy(&address, entry.ai_addr, sizeof address);
    IpAddress::Bytes bytes{};
    std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
    return IpAddress(bytes);
  }
  return std::nullopt;
}

Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    return unavailable(fmt::format("the name {} cannot be resolved: {}", host, gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  Addresses out;
  for (const addrinfo* entry = list; entry != nullptr && out.size() < max_addresses; entry = entry->ai_next) {
    const auto address = address_of(*entry);
    if (address && std::find(out.begin(), out.end(), *address) == out.end()) {
      out.push_back(*address);
    }
  }
  if (out.empty()) {
    return unavailable(fmt::format("the name {} has no address", host));
  }
  return out;
}

class SystemResolver final : public Resolver {
public:
  SystemResolver(Clock& clock, const ResolverOptions& options) : clock_(clock), options_(options) {}
  SystemResolver(const SystemResolver&) = delete;
  SystemResolver& operator=(const SystemResolver&) = delete;
  SystemResolver(SystemResolver&&) = delete;
  SystemResolver& operator=(SystemResolver&&) = delete;
  ~SystemResolver() override {
    {
      const std::scoped_lock lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
  }

  Result<Addresses> resolve(const std::string& host, const Cancellation& cancellation) override {
    if (const auto address = IpAddress::parse(host)) {
      return Addresses{*address};
    }
    DOVETAIL_TRY_STATUS(cancellation.check(clock_));
    std::shared_ptr<Lookup> lookup;
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = kept_.find(host); found != kept_.end()) {
        if (found->second.until > clock_.monotonic_now()) {
          return found->second.addresses;
        }
        kept_.erase(found);
      }
      if (queue_.size() >= options_.max_queued) {
        return unavailable(
            fmt::format("the name {} was not resolved: {} names are waiting already", host, queue_.size()));
      }
      lookup = std::make_shared<Lookup>();
      lookup->host = host;
      queue_.push_back(lookup);
      if (idle_ < queue_.size() && threads_.size() < options_.threads) {
        threads_.emplace_back([this] { work(); });
      }
    }
    wake_.notify_one();
    std::unique_lock lock(lookup->mutex);
    while (!lookup->answer) {
      DOVETAIL_TRY_STATUS(cancellation.check(clock_));
      lookup->done.wait_for(lock, slice);
    }
    return *lookup->answer;
  }

private:
  // Shared between the caller, who may give up, and the thread, which cannot.
  struct Lookup {
    std::string host;
    std::mutex mutex;
    std::condition_variable done;
    // guarded by mutex
    std::optional<Result<Addresses>> answer;
  };
  struct Kept {
    Addresses addresses;
    MonotonicTime until;
  };

  void work() {
    while (true) {
      std::shared_ptr<Lookup> lookup;
      {
        std::unique_lock lock(mutex_);
        ++idle_;
        wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
        --idle_;
        if (closing_) {
          return;
        }
        lookup = std::move(queue_.front());
        queue_.pop_front();
      }
      auto answer = look_up(lookup->host);
      if (answer.ok()) {
        keep(lookup->host, *answer);
      }
      const std::scoped_lock lock(lookup->mutex);
      lookup->answer = std::move(answer);
      lookup->done.notify_all();
    }
  }

  void keep(const std::string& host, const Addresses& addresses) {
    const std::scoped_lock lock(mutex_);
    const auto now = clock_.monotonic_now();
    if (kept_.size() >= options_.max_kept) {
      std::erase_if(kept_, [now](const auto& entry) { return entry.second.until <= now; });
    }
    if (kept_.size() < options_.max_kept) {
      kept_.insert_or_assign(host, Kept{.addresses = addresses, .until = now + options_.keep});
    }
  }

  Clock& clock_;
  const ResolverOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // guarded by mutex_
  bool closing_ = false;
  std::size_t idle_ = 0;
  std::deque<std::shared_ptr<Lookup>> queue_;
  std::map<std::string, Kept> kept_;
  std::vector<std::jthread> threads_; // last: joined before the rest goes
};

} // namespace

std::unique_ptr<Resolver> make_system_resolver(Clock& clock, const ResolverOptions& options) {
  return std::make_unique<SystemResolver>(clock, options);
}

} // namespace dovetail::http
