// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/redact_patterns.hpp"
#include "core/base/redact_scan.hpp"

namespace dovetail {
namespace {

using redaction::NameKind;
using redaction::PatternSet;
using redaction::Span;

// Each value makes up to eight patterns, and two generations are kept.
constexpr std::size_t patterns_per_generation = std::size_t{1} << 17U;
constexpr std::size_t max_marked_names = 10'000;
// %2525 and \\\" are met where a provider quotes a URL or a body in its own error.
constexpr int decoding_rounds = 2;

std::string apply(std::string_view text, std::vector<Span>& spans) {
  std::sort(spans.begin(), spans.end(), [](const Span& left, const Span& right) {
    return left.begin != right.begin ? left.begin < right.begin : left.quote && !right.quote;
  });
  std::string out;
  out.reserve(text.size() + 16);
  std::size_t shown = 0; // text before this is dealt with
  bool after_mark = false;
  for (const auto& span : spans) {
    if (span.end <= shown && after_mark) {
      continue;
    }
    if (!after_mark || span.begin > shown) {
      out += text.substr(shown, span.begin - shown);
      out += span.quote ? "\"" : "";
      out += redacted_mark;
      out += span.quote ? "\"" : "";
      after_mark = true;
    }
    shown = span.end;
  }
  out += text.substr(shown);
  return out;
}

} // namespace

struct Redactor::State {
  mutable std::shared_mutex mutex;
  // guarded by mutex
  PatternSet recent;
  PatternSet older; // what `recent` was before it was full
  std::unordered_set<std::string> marked;

  // Precondition: mutex is held.
  [[nodiscard]] NameKind kind_of(std::string_view name) const {
    const auto normalised = redaction::normalise_name(name);
    const auto kind = redaction::classify_name(normalised);
    return (kind == NameKind::plain || kind == NameKind::code) && marked.contains(normalised) ? NameKind::secret : kind;
  }

  // Precondition: mutex is held.
  void find_remembered(std::string_view text, std::vector<Span>& spans) const {
    const auto find = [&](std::string_view where, std::vector<Span>& out) {
      recent.find(where, out);
      older.find(where, out);
    };
    find(text, spans);
    std::string current(text);
    std::vector<std::size_t> origin;
    for (int round = 0; round < decoding_rounds && current.find_first_of("%\\") != std::string::npos; ++round) {
      auto decoded = redaction::decode_escapes(current);
      if (!origin.empty()) {
        for (auto& place : decoded.origin) {
          place = origin[place];
        }
      }
      origin = std::move(decoded.origin);
      wipe(current.data(), current.size());
      current = std::move(decoded.text);
      std::vector<Span> found;
      find(current, found);
      for (const auto& span : found) {
        spans.push_back(Span{.begin = origin[span.begin], .end = origin[span.end], .quote = false});
      }
    }
  }
};

Redactor::Redactor() : state_(std::make_unique<State>()) {}
Redactor::~Redactor() = default;

void Redactor::remember(const Secret& secret) {
  if (secret.size() < PatternSet::shortest) {
    return;
  }
  auto patterns = redaction::disguises(secret.reveal());
  {
    const std::unique_lock lock(state_->mutex);
    for (const auto& pattern : patterns) {
      if (state_->recent.size() >= patterns_per_generation) {
        state_->older = std::exchange(state_->recent, PatternSet());
      }
      state_->recent.add(pattern);
    }
  }
  for (auto& pattern : patterns) {
    wipe(pattern.data(), pattern.size());
  }
}

void Redactor::mark_name(std::string_view name) {
  auto normalised = redaction::normalise_name(name);
  const std::unique_lock lock(state_->mutex);
  if (!normalised.empty() && state_->marked.size() < max_marked_names) {
    state_->marked.insert(std::move(normalised));
  }
}

bool Redactor::is_secret_name(std::string_view name) const {
  const std::shared_lock lock(state_->mutex);
  const auto kind = state_->kind_of(name);
  return kind == NameKind::secret || kind == NameKind::whole_line;
}

std::string Redactor::redact(std::string_view text) const {
  std::vector<Span> spans;
  {
    const std::shared_lock lock(state_->mutex);
    redaction::scan_text(
        text, [this](std::string_view name) { return state_->kind_of(name); }, spans);
    if (state_->recent.size() + state_->older.size() != 0) {
      state_->find_remembered(text, spans);
    }
  }
  return spans.empty() ? std::string(text) : apply(text, spans);
}

std::string Redactor::redact_value(std::string_view name, std::string_view value) const {
  NameKind kind = NameKind::plain;
  {
    const std::shared_lock lock(state_->mutex);
    kind = state_->kind_of(name);
  }
  const bool secret = kind == NameKind::secret || kind == NameKind::whole_line ||
                      (kind == NameKind::code && redaction::looks_like_code(value));
  return secret ? std::string(redacted_mark) : redact(value);
}

} // namespace dovetail
