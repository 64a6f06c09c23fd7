// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/batch.hpp"

#include <algorithm>

#include "core/manifest/reader.hpp"

namespace dovetail::manifest {

bool Placeholders::match(std::string_view text) const noexcept {
  const auto any = [](const std::vector<std::string>& list, const auto& fits) {
    return std::any_of(list.begin(), list.end(), fits);
  };
  return any(equals, [&](const std::string& entry) { return text == entry; }) ||
         any(begins, [&](const std::string& entry) { return text.starts_with(entry); }) ||
         any(contains, [&](const std::string& entry) { return text.find(entry) != std::string_view::npos; });
}

namespace detail {

Batch read_batch(const json::Value& entry) {
  Batch batch;
  batch.key_variable = text_at(entry, "/keyEnv");
  batch.schema = entry["file"];
  for (const auto part : entry["secrets"].elements()) {
    batch.secrets.push_back({.from = text_at(part, "/from"),
                             .secret = text_at(part, "/secret"),
                             .not_given = read_texts(part["notGiven"])});
  }
  for (const auto part : entry["settings"].elements()) {
    const auto form = part.string_or("/as", "value");
    batch.settings.push_back({.from = text_at(part, "/from"),
                              .to = text_at(part, "/to"),
                              .form = form == "list"      ? BatchForm::list
                                      : form == "members" ? BatchForm::members
                                                          : BatchForm::value});
  }
  for (const auto part : entry["auth"].elements()) {
    batch.auth.push_back({.when = text_at(part, "/when"), .method = text_at(part, "/method")});
  }
  batch.placeholders = {.equals = read_texts(entry.at("/placeholders/equals")),
                        .begins = read_texts(entry.at("/placeholders/begins")),
                        .contains = read_texts(entry.at("/placeholders/contains"))};
  batch.columns = text_at(entry, "/columns");
  batch.objects = read_texts(entry["objects"]);
  return batch;
}

} // namespace detail
} // namespace dovetail::manifest
