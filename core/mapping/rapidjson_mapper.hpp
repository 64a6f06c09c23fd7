// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/mapping/engine.hpp"

namespace dovetail::mapping {

/// The engine on RapidJSON's SAX reader. Beside PageMapper's it has the form that the benchmark measures: in situ in a page that it may destroy.
class RapidJsonMapper : public PageMapper {
public:
  /// As map(), but unescapes in `page` itself, of which `original` is a copy; [size] must be 0. Rows hold views into both. Leaves out what map()
  /// checks because RapidJSON overlooks it.
  [[nodiscard]] virtual Result<PageStats> map_in_situ(char* page, PaddedBytes original,
                                                      std::string_view records_pointer,
                                                      std::span<const Constant> constants, PageRows& out) = 0;
};

[[nodiscard]] std::unique_ptr<RapidJsonMapper> make_in_situ_mapper(const Program& program, const Redactor* redactor);

} // namespace dovetail::mapping
