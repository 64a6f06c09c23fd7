// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/token_manager.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace dovetail::oauth {

/// One connection's. All but `memory` is guarded by State::mutex; `memory` belongs to the thread that made the slot busy, and is only read, under
/// the mutex, while it is not.
struct TokenManager::Slot {
  bool busy = false;
  std::uint64_t ended = 0;      ///< refreshes so far
  std::optional<Error> failure; ///< of the last one
  TokenMemory memory;
};

struct TokenManager::State {
  using Key = std::pair<TenantId, ConnectionId>;

  TokenParts parts;
  TokenOptions options;
  std::mutex mutex;
  // A slot's end of being busy; any slot's, as there are few waiters.
  std::condition_variable_any ended;
  // guarded by mutex
  std::map<Key, std::shared_ptr<Slot>> slots; // shared with the threads that work on one while it is evicted

  State(TokenParts of_parts, const TokenOptions& of_options) : parts(std::move(of_parts)), options(of_options) {}

  [[nodiscard]] std::shared_ptr<Slot> slot_of(const Account& account) {
    const Key key{account.tenant, account.connection};
    if (const auto found = slots.find(key); found != slots.end()) {
      return found->second;
    }
    if (slots.size() >= options.max_accounts) {
      std::erase_if(slots,
                    [](const auto& entry) { return entry.second.use_count() == 1 && !entry.second->memory.unsaved; });
    }
    return slots.emplace(key, std::make_shared<Slot>()).first->second;
  }
};

namespace {

Result<AccessToken> answer(const Account& account, const TokenSet& tokens) {
  AccessToken token{.value = tokens.access_token, .base_url = {}};
  if (!tokens.base_url.empty() && !account.oauth().base_url_pointer.empty()) {
    DOVETAIL_TRY(token.base_url, check_base_url(account, tokens.base_url));
  }
  return token;
}

bool is_of_its_own(const Error& error) noexcept {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::deadline_exceeded;
}

} // namespace

TokenManager::TokenManager(TokenParts parts, TokenOptions options)
    : state_(std::make_unique<State>(std::move(parts), options)) {}

TokenManager::~TokenManager() = default;

Result<AccessToken> TokenManager::get(const Account& account, const Cancellation& cancellation) {
  return run(account, {}, cancellation);
}

Result<AccessToken> TokenManager::get_stored(const Account& account, const Cancellation& cancellation) {
  return run(account, {.refused = nullptr, .stored = true}, cancellation);
}

Result<AccessToken> TokenManager::renew(const Account& account, const Secret& refused,
                                        const Cancellation& cancellation) {
  return run(account, {.refused = &refused, .stored = false}, cancellation);
}

Result<AccessToken> TokenManager::run(const Account& account, const TokenWish& wish, const Cancellation& cancellation) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  const std::shared_ptr<Slot> slot = state.slot_of(account);
  bool compare = wish.stored;
  while (true) {
    if (slot->busy) {
      // Whoever is at it does for us what we would do.
      const std::uint64_t before = slot->ended;
      if (!state.ended.wait(lock, cancellation.stop, [&] { return slot->ended != before; })) {
        return cancelled("The wait for new tokens was cancelled.");
      }
      DOVETAIL_TRY_STATUS(cancellation.check(state.parts.clock));
      if (slot->failure && !is_of_its_own(*slot->failure)) {
        return *slot->failure;
      }
      compare = false;
      continue;
    }
    const auto& known = slot->memory.tokens;
    if (!compare && known && is_fresh(account, *known, wish, state.parts.clock.now())) {
      return answer(account, *known);
    }
    break;
  }
  slot->busy = true;
  lock.unlock();
  auto tokens = Refresh(state.parts, state.options, account, wish, cancellation, slot->memory).run();
  lock.lock();
  slot->busy = false;
  ++slot->ended;
  slot->failure = tokens.ok() ? std::nullopt : std::optional(tokens.error());
  slot->memory.tokens = tokens.ok() ? std::optional(*tokens) : std::nullopt;
  state.ended.notify_all();
  if (!tokens.ok()) {
    return std::move(tokens).error();
  }
  return answer(account, *tokens);
}

} // namespace dovetail::oauth
