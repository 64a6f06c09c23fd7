// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/manifest.hpp"

#include <algorithm>

namespace dovetail::manifest {
namespace {

template <typename List>
auto find_in(const List& list, std::string_view key) noexcept -> const typename List::value_type* {
  const auto found = std::find_if(list.begin(), list.end(), [key](const auto& entry) { return entry.key == key; });
  return found == list.end() ? nullptr : &*found;
}

} // namespace

const ObjectField* Object::find_field(std::string_view pointer) const noexcept {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [pointer](const auto& field) { return field.pointer == pointer; });
  return found == fields.end() ? nullptr : &*found;
}

const Object* Manifest::find_object(std::string_view key) const noexcept { return find_in(objects, key); }
const Action* Manifest::find_action(std::string_view key) const noexcept { return find_in(actions, key); }
const AuthMethod* Manifest::find_auth(std::string_view key) const noexcept { return find_in(auth, key); }
const BaseUrlVariant* Manifest::find_base_url(std::string_view key) const noexcept { return find_in(base_urls, key); }

const SecretSpec* Manifest::find_secret(std::string_view name) const noexcept {
  const auto found =
      std::find_if(secrets.begin(), secrets.end(), [name](const auto& secret) { return secret.name == name; });
  return found == secrets.end() ? nullptr : &*found;
}

} // namespace dovetail::manifest
