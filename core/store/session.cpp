// SPDX-License-Identifier: Apache-2.0
#include "core/store/session.hpp"

#include <exception>
#include <utility>

namespace dovetail::store {

std::string_view to_string(Dialect dialect) noexcept { return dialect == Dialect::sqlite ? "sqlite" : "postgresql"; }

Dialect ReadSession::dialect() const noexcept { return session_.dialect(); }
::sqlite3* ReadSession::sqlite() const noexcept { return session_.sqlite(); }
::pg_conn* ReadSession::postgresql() const noexcept { return session_.postgresql(); }

ConnectionAttachment* ReadSession::find_attachment(std::string_view key) const noexcept {
  return session_.find_attachment(key);
}

void ReadSession::keep_attachment(std::string_view key, std::unique_ptr<ConnectionAttachment> attachment) {
  session_.keep_attachment(key, std::move(attachment));
}

Status Transaction::savepoint(const std::function<Status()>& work) {
  // Savepoints nest by name in both dialects: the innermost of a name counts.
  DOVETAIL_TRY_STATUS(session().execute("SAVEPOINT dovetail_step", "beginning a savepoint"));
  Status status;
  try {
    status = work();
  } catch (const std::exception& exception) {
    status = internal(std::string("an unexpected exception inside a savepoint: ") + exception.what());
  }
  if (!status.ok()) {
    DOVETAIL_TRY_STATUS(session().execute("ROLLBACK TO SAVEPOINT dovetail_step", "undoing a savepoint"));
  }
  DOVETAIL_TRY_STATUS(session().execute("RELEASE SAVEPOINT dovetail_step", "ending a savepoint"));
  return status;
}

namespace detail {

ConnectionAttachment* Session::find_attachment(std::string_view key) const noexcept {
  const auto found = attachments_.find(key);
  return found == attachments_.end() ? nullptr : found->second.get();
}

void Session::keep_attachment(std::string_view key, std::unique_ptr<ConnectionAttachment> attachment) {
  attachments_.insert_or_assign(std::string(key), std::move(attachment));
}

} // namespace detail
} // namespace dovetail::store
