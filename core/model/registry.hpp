// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/json/schema.hpp"
#include "core/model/model.hpp"

namespace dovetail::model {

inline constexpr std::size_t max_models = 256;

/// Reads a model as `manifests/schema/v1/model.schema.json` describes it. What is wrong goes into `problems`, all of it; the model is
/// good when that stays empty. What it says about other models is not looked at here (see ModelRegistry).
[[nodiscard]] Model parse_model(const json::Value& document, std::vector<json::Problem>& problems);

/// The local models of a directory. Immutable once loaded; safe for concurrent use; Models stay where they are as long as it lives.
class ModelRegistry {
public:
  /// Reads every *.json of the directories, a later directory's model replacing an earlier one's of the same name. A file that is no
  /// good model is left out and said in errors(); so is a model whose minOf names what is not there. Error only when a directory
  /// cannot be listed or there are more than max_models.
  [[nodiscard]] static Result<ModelRegistry> load(const std::vector<std::filesystem::path>& directories);

  /// nullptr when there is none of that name.
  [[nodiscard]] const Model* find(std::string_view name) const noexcept;
  /// All of them, by name.
  [[nodiscard]] std::vector<const Model*> all() const;
  /// "file: pointer: reason", for people.
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }

private:
  struct Entry {
    Model model;
    std::filesystem::path file;
  };
  void read(const std::filesystem::path& file, const json::Schema& schema);
  void drop_broken_links();

  std::map<std::string, Entry, std::less<>> models_;
  std::vector<std::string> errors_;
};

} // namespace dovetail::model
