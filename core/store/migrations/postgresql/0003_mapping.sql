-- SPDX-License-Identifier: Apache-2.0
-- What a tenant changed in the default mapping of one object of a connection, and of which state of the provider's fields that was (SYNC-2).
CREATE TABLE mapping_override (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  body text NOT NULL,
  mapping_schema_version bigint NOT NULL,
  field_signature_hash text NOT NULL,
  revision bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

-- The fields that the account itself had when the object's mapping was last in order with them.
CREATE TABLE accepted_fields (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  fields text NOT NULL,
  accepted_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

SELECT dovetail_protect_table(name::regclass) FROM unnest(ARRAY['mapping_override', 'accepted_fields']) AS name;
