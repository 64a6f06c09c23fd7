// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <libpq-fe.h>

#include "core/store/engine.hpp"
#include "core/store/session_pool.hpp"

namespace dovetail::store::detail {
namespace {

// The numbers are ours; PostgreSQL asks only that all who mean the same lock name the same one.
constexpr const char* begin_owner_write = "BEGIN; SELECT pg_advisory_xact_lock(7210340126589170531)";
constexpr const char* begin_owner_read = "BEGIN READ ONLY";
constexpr const char* begin_operator_write = "BEGIN; SET LOCAL ROLE dovetail_operator";
constexpr const char* begin_operator_read = "BEGIN READ ONLY; SET LOCAL ROLE dovetail_operator";

// Roles belong to the whole server: another database's start may make them at the same moment.
constexpr const char* make_roles = R"(DO $body$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['dovetail_runtime', 'dovetail_operator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
      END;
    END IF;
    IF NOT pg_has_role(current_user, role, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', role);
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = role AND (rolsuper OR rolbypassrls)) THEN
      RAISE EXCEPTION USING ERRCODE = '55000', MESSAGE = format('the role %s is a superuser or bypasses row-level security,'
        ' so tenants would see each other: take that from it with ALTER ROLE', role);
    END IF;
  END LOOP;
END
$body$)";

constexpr std::string_view roles_help = "; as an administrator of the server run: CREATE ROLE dovetail_runtime "
                                        "NOLOGIN; CREATE ROLE dovetail_operator NOLOGIN; "
                                        "GRANT dovetail_runtime, dovetail_operator TO <this user>";

/// After so many failed transactions a connection is replaced: Poco cannot free the statements that it prepared in them.
constexpr std::size_t most_failures = 32;

struct Failures final : ConnectionAttachment {
  std::size_t count = 0;
};

class PostgresqlEngine final : public Engine {
public:
  PostgresqlEngine(DatabaseOptions options, Clock& clock, Random& random, Logger& logger, PostgresqlTarget target)
      : Engine(std::move(options), clock, random, logger), target_(std::move(target)),
        sessions_(options_.max_sessions, options_.wait_limit, [this] { return open_postgresql(target_); }) {}

  [[nodiscard]] Dialect dialect() const noexcept override { return Dialect::postgresql; }
  [[nodiscard]] const std::string& description() const noexcept override { return target_.description; }
  /// Many daemons share one database.
  [[nodiscard]] Result<DaemonLock> lock_daemon() override { return DaemonLock(-1); }

protected:
  [[nodiscard]] Status attempt(const Scope& scope, const Work& work) override;
  [[nodiscard]] Status prepare_migrations() override;

private:
  [[nodiscard]] static Status begin(Session& session, const Scope& scope);
  [[nodiscard]] Status commit(Session& session) const;

  const PostgresqlTarget target_;
  SessionPool sessions_;
};

Status PostgresqlEngine::begin(Session& session, const Scope& scope) {
  constexpr std::string_view what = "beginning a transaction";
  switch (scope.access) {
  case Access::owner:
    return session.execute(scope.write ? begin_owner_write : begin_owner_read, what);
  case Access::operators:
    return session.execute(scope.write ? begin_operator_write : begin_operator_read, what);
  case Access::tenant:
    session.begin_later({scope.tenant, scope.write});
    return {};
  }
  return internal("a transaction of an unknown kind");
}

Status PostgresqlEngine::attempt(const Scope& scope, const Work& work) {
  DOVETAIL_TRY(auto session, sessions_.acquire());
  if (Status begun = begin(*session, scope); !begun.ok()) {
    if (!session->connected()) {
      // A server that was restarted has cut all of them.
      sessions_.drop_idle();
    } else {
      session.discard();
    }
    return begun;
  }
  Transaction transaction(*session, scope.tenant);
  Status status = call(work, transaction);
  if (!session->connected()) {
    // Nothing was committed: the server rolls back what its client left behind. One that was restarted has cut all connections.
    sessions_.drop_idle();
    return unavailable(target_.description + ": the connection was lost in a transaction");
  }
  if (session->pending_begin()) { // nothing was sent, or nothing began
    session->drop_pending_begin();
    return status;
  }
  if (status.ok() && PQtransactionStatus(session->postgresql()) == PQTRANS_INTRANS) {
    return commit(*session);
  }
  if (status.ok()) {
    status = internal("a statement of this transaction failed and its error was ignored: nothing was committed");
  }
  if (const Status undone = session->execute("ROLLBACK", "rolling back"); !undone.ok()) {
    session.discard();
    return status;
  }
  auto& failures = transaction.attachment<Failures>("failures", [] { return std::make_unique<Failures>(); });
  if (++failures.count >= most_failures) {
    session.discard();
  }
  return status;
}

Status PostgresqlEngine::commit(Session& session) const {
  Status status = session.execute("COMMIT", "committing");
  if (!status.ok() && !session.connected()) {
    return unknown_commit(target_.description);
  }
  return status;
}

Status PostgresqlEngine::prepare_migrations() {
  Status status = run({Access::owner, {}, true}, [](Transaction& transaction) {
    Status made = transaction.session().execute(make_roles, "preparing the roles of the database");
    // Two grants at once to one user, from two databases of a server: the one that lost finds it done when it looks again.
    if (!made.ok() && made.error().message.find("tuple concurrently updated") != std::string::npos) {
      return Status(aborted(made.error().message));
    }
    return made;
  });
  if (!status.ok() && status.error().code == ErrorCode::permission_denied) {
    Error error = std::move(status).error();
    error.message += roles_help;
    return error;
  }
  return status;
}

} // namespace

Result<std::unique_ptr<Engine>> open_postgresql_engine(DatabaseOptions options, Clock& clock, Random& random,
                                                       Logger& logger) {
  DOVETAIL_TRY(PostgresqlTarget target, parse_postgresql_url(options.location));
  wipe(options.location.data(), options.location.size());
  options.location.clear();
  auto engine = std::make_unique<PostgresqlEngine>(std::move(options), clock, random, logger, std::move(target));
  // One connection at once, so that a wrong URL is told now and not by the first job.
  DOVETAIL_TRY_STATUS(engine->run({Engine::Access::owner, {}, false}, [](Transaction&) { return Status(); }));
  return std::unique_ptr<Engine>(std::move(engine));
}

} // namespace dovetail::store::detail
