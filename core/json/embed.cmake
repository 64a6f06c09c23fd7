# SPDX-License-Identifier: Apache-2.0
# dovetail_embed_json(TARGET namespace name file): compiles the text of a JSON file into TARGET as
# `const std::string_view <namespace>::<name>`, so that a program needs no files beside it to check its input.
function(dovetail_embed_json target namespace name file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include <string_view>

namespace @namespace@ {
extern const std::string_view @name@;
const std::string_view @name@ = R"dovetail(@text@)dovetail";
} // namespace @namespace@
]])
  target_sources(${target} PRIVATE ${source})
endfunction()
