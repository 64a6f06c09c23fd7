// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything a plugin author needs: docs/guide/write-a-plugin.md.
#include "dovetail/sdk/action.hpp"      // IWYU pragma: export
#include "dovetail/sdk/context.hpp"     // IWYU pragma: export
#include "dovetail/sdk/discovery.hpp"   // IWYU pragma: export
#include "dovetail/sdk/error.hpp"       // IWYU pragma: export
#include "dovetail/sdk/http.hpp"        // IWYU pragma: export
#include "dovetail/sdk/json.hpp"        // IWYU pragma: export
#include "dovetail/sdk/json_writer.hpp" // IWYU pragma: export
#include "dovetail/sdk/link.hpp"        // IWYU pragma: export
#include "dovetail/sdk/plugin.hpp"      // IWYU pragma: export
#include "dovetail/sdk/provider.hpp"    // IWYU pragma: export
#include "dovetail/sdk/time.hpp"        // IWYU pragma: export
#include "dovetail/sdk/url.hpp"         // IWYU pragma: export
