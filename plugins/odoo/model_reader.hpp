// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client.hpp"
#include "dovetail/sdk/sdk.hpp"
#include "session.hpp"
#include "settings.hpp"

namespace dovetail::odoo {

/// Reads one of Odoo's models, in the order of the ids, each page behind the last id of the page before: rows that change meanwhile shift nothing, and a
/// pass goes on where it stood. A delta adds a fixed `write_date >= since`; what changes behind its back carries a stamp after its beginning (by the
/// server's clock), where the next delta begins.
class ModelReader final : public sdk::ObjectReader {
public:
  /// Both must outlive the reader.
  ModelReader(const Settings& settings, const ObjectSpec& spec) : settings_(settings), spec_(spec) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  enum class Phase : std::uint8_t { records, watched, listing };
  struct Cursor {
    Session session;
    Phase phase = Phase::records;
    std::vector<Field> fields;
    bool filtered = false;  ///< the server has the spec's field `without`
    std::int64_t last = 0;  ///< everything up to this id was read
    std::int64_t limit = 0; ///< records a request asks for; halves when the server cannot
    std::optional<sdk::Timestamp> began;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static sdk::Result<Cursor> from_json(sdk::Context& context, std::string_view text);
  };

  [[nodiscard]] sdk::Result<Cursor> begin(sdk::Context& context, const sdk::ReadRequest& request,
                                          sdk::Page& page) const;
  [[nodiscard]] sdk::Result<Cursor> describe(sdk::Context& context, const sdk::ReadRequest& request,
                                             const Session& session) const;
  [[nodiscard]] sdk::Status read_records(sdk::Context& context, const sdk::ReadRequest& request, Cursor cursor,
                                         sdk::Page& page) const;
  [[nodiscard]] sdk::Status read_watched(sdk::Context& context, const sdk::ReadRequest& request, Cursor cursor,
                                         sdk::Page& page) const;
  [[nodiscard]] sdk::Result<bool> can_watch(sdk::Context& context, Client& client) const;
  /// Ids and stamps of what the spec watches for these records; the first cell says for which. None where the server has no such model.
  [[nodiscard]] sdk::Result<std::vector<Row>> watched_stamps(sdk::Context& context, Client& client,
                                                             const std::vector<std::int64_t>& ids) const;
  [[nodiscard]] sdk::Status read_listing(sdk::Context& context, Cursor cursor, sdk::Page& page) const;
  /// One window of ids whose stamps changed.
  [[nodiscard]] sdk::Status read_window(sdk::Context& context, Client& client, Cursor& cursor,
                                        const std::vector<std::int64_t>& ids, const std::string& page_key,
                                        sdk::Page& page) const;
  /// Whether the request is worth asking again, which is then for half as many records.
  [[nodiscard]] static bool ask_for_fewer(sdk::Context& context, const sdk::Error& error, Cursor& cursor);
  /// Asks for at most cursor.limit records, and for fewer where that may help.
  [[nodiscard]] static sdk::Result<std::vector<Row>> read_rows(sdk::Context& context, Client& client, Query& query,
                                                               Cursor& cursor);
  [[nodiscard]] Query query_of(const Cursor& cursor) const;
  [[nodiscard]] static sdk::Status finish(const Cursor& cursor, sdk::Page& page);

  const Settings& settings_;
  const ObjectSpec& spec_;
};

} // namespace dovetail::odoo
