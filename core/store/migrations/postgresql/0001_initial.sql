-- SPDX-License-Identifier: Apache-2.0
-- Runs as the owner of the tables. The roles dovetail_runtime and dovetail_operator exist already. Keys compare by bytes
-- (COLLATE "C"), as they do in SQLite.

CREATE TABLE tenant (
  tenant_id bigint PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  created_at timestamptz NOT NULL
);

CREATE TABLE connection (
  tenant_id bigint NOT NULL REFERENCES tenant (tenant_id),
  connection_id bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  provider text NOT NULL,
  config text NOT NULL,
  base_url_variant text NOT NULL,
  account_id text NOT NULL,
  environment text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'needs_reauth', 'disabled')),
  status_reason text NOT NULL,
  status_since timestamptz NOT NULL,
  revision bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id),
  UNIQUE (tenant_id, name)
);

-- AUTH-6: one active connection for each account of a provider, where the account is known.
CREATE UNIQUE INDEX connection_account ON connection (tenant_id, provider, account_id, environment)
  WHERE status <> 'disabled' AND account_id <> '';

-- A removed secret keeps its row, with sealed NULL, so that no version is ever given twice.
CREATE TABLE secret (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  sealed bytea,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, name),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

CREATE TABLE vault_canary (
  key_id text COLLATE "C" PRIMARY KEY,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL
);

-- Where the reading of an object stands; parent_id is '' for an object without a parent (SYNC-8).
CREATE TABLE sync_state (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  parent_id text COLLATE "C" NOT NULL,
  position text,
  high_water timestamptz,
  pass_id bigint NOT NULL,
  pass_mode text NOT NULL CHECK (pass_mode IN ('', 'full', 'delta')),
  pass_started_at timestamptz,
  pass_pages bigint NOT NULL,
  mapping_signature text NOT NULL,
  completed_pass_id bigint NOT NULL,
  completed_at timestamptz,
  full_completed_at timestamptz,
  resync_required boolean NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, parent_id)
);

CREATE TABLE plugin_state (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, key)
);

-- What a pass saw on each page: 64-bit hashes of the external ids, 8 bytes each.
CREATE TABLE page_state (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  page_key text COLLATE "C" NOT NULL,
  pass_id bigint NOT NULL,
  seen bytea NOT NULL
);
CREATE UNIQUE INDEX page_state_key ON page_state (tenant_id, connection_id, object, page_key);
CREATE INDEX page_state_pass ON page_state (tenant_id, connection_id, object, pass_id);

-- Parents whose children are to be read; `object` is the child's.
CREATE TABLE pending_parent (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, external_id)
);

-- Which row of which model stands for a provider's record (SYNC-5).
CREATE TABLE external_link (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  external_hash bigint NOT NULL,
  model text COLLATE "C" NOT NULL,
  row_id bigint NOT NULL,
  content_hash bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'inactive', 'deleted')),
  pass_id bigint NOT NULL,
  first_seen_at timestamptz NOT NULL,
  last_changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX external_link_key ON external_link (tenant_id, connection_id, object, external_id);
CREATE INDEX external_link_row ON external_link (tenant_id, model, row_id);

CREATE TABLE job (
  tenant_id bigint NOT NULL,
  job_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  provider text NOT NULL,
  object text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  mode text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  idempotency_key text COLLATE "C",
  fence bigint NOT NULL,
  attempt bigint NOT NULL,
  worker text NOT NULL,
  cancel_requested boolean NOT NULL,
  not_before timestamptz NOT NULL,
  lease_expires_at timestamptz,
  created_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz NOT NULL,
  fetched bigint NOT NULL DEFAULT 0,
  created bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  removed bigint NOT NULL DEFAULT 0,
  conflicts bigint NOT NULL DEFAULT 0,
  requests bigint NOT NULL DEFAULT 0,
  not_modified bigint NOT NULL DEFAULT 0,
  error_code text NOT NULL DEFAULT '',
  error_message text NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, job_id)
);
CREATE UNIQUE INDEX job_idempotency ON job (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_newest ON job (tenant_id, created_at);
CREATE INDEX job_due ON job (not_before) WHERE state = 'queued';
CREATE INDEX job_lapsed ON job (lease_expires_at) WHERE state = 'running';

CREATE TABLE job_error (
  tenant_id bigint NOT NULL,
  job_id bigint NOT NULL,
  subject text NOT NULL,
  code text NOT NULL,
  occurrences bigint NOT NULL,
  message text NOT NULL,
  samples text NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, job_id, subject, code),
  FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, job_id) ON DELETE CASCADE
);

CREATE TABLE job_log (
  tenant_id bigint NOT NULL,
  job_id bigint NOT NULL,
  line bigint NOT NULL,
  at timestamptz NOT NULL,
  level text NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (tenant_id, job_id, line),
  FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, job_id) ON DELETE CASCADE
);

-- One job at a time for each object of a connection (SYNC-9). The row outlives its holder: the fence never goes back.
CREATE TABLE object_lease (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  fence bigint NOT NULL,
  job_id bigint NOT NULL,
  host text NOT NULL,
  boot_id text NOT NULL,
  process_id bigint NOT NULL,
  process_start bigint NOT NULL,
  acquired_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object)
);

CREATE TABLE limiter_snapshot (
  scope text COLLATE "C" PRIMARY KEY,
  body text NOT NULL,
  saved_at timestamptz NOT NULL
);

-- Which local models have a table, and how it was declared when it was last built.
CREATE TABLE model_version (
  model text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  definition text NOT NULL,
  applied_at timestamptz NOT NULL
);

CREATE TABLE report (
  tenant_id bigint NOT NULL,
  report_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  job_id bigint NOT NULL,
  kind text NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, report_id)
);
CREATE INDEX report_newest ON report (tenant_id, created_at);

-- TEN-1: whoever acts for a tenant (dovetail_runtime) sees and writes that tenant's rows only; the tenant is the
-- transaction's setting dovetail.tenant_id, and without one there are no rows. The sub-select makes PostgreSQL evaluate the
-- setting once a statement instead of once a row; nullif because the setting reads '' after the first transaction that had it.
CREATE FUNCTION dovetail_protect_table(target regclass) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('DROP POLICY IF EXISTS dovetail_tenant ON %s', target);
  EXECUTE format('CREATE POLICY dovetail_tenant ON %s TO dovetail_runtime'
    ' USING (tenant_id = (SELECT nullif(current_setting(''dovetail.tenant_id'', true), '''')::bigint))'
    ' WITH CHECK (tenant_id = (SELECT nullif(current_setting(''dovetail.tenant_id'', true), '''')::bigint))', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO dovetail_runtime', target);
END
$body$;
REVOKE ALL ON FUNCTION dovetail_protect_table(regclass) FROM PUBLIC;

DO $body$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO dovetail_runtime, dovetail_operator', current_schema());
END
$body$;

SELECT dovetail_protect_table(name::regclass) FROM unnest(ARRAY['tenant', 'connection', 'secret', 'sync_state', 'plugin_state',
  'page_state', 'pending_parent', 'external_link', 'job', 'job_error', 'job_log', 'object_lease', 'report']) AS name;

-- What crosses tenants, and no more: the operator's and the planner's questions.
CREATE POLICY dovetail_operator ON tenant TO dovetail_operator USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON tenant TO dovetail_operator;
CREATE POLICY dovetail_operator ON connection FOR SELECT TO dovetail_operator USING (true);
GRANT SELECT ON connection TO dovetail_operator;
CREATE POLICY dovetail_operator ON secret FOR SELECT TO dovetail_operator USING (true);
GRANT SELECT ON secret TO dovetail_operator;
CREATE POLICY dovetail_operator ON job TO dovetail_operator USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE ON job TO dovetail_operator;
CREATE POLICY dovetail_operator ON object_lease FOR SELECT TO dovetail_operator USING (true);
GRANT SELECT ON object_lease TO dovetail_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault_canary, limiter_snapshot TO dovetail_operator;
GRANT SELECT ON model_version TO dovetail_runtime, dovetail_operator;
