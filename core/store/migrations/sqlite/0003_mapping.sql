-- SPDX-License-Identifier: Apache-2.0
-- What a tenant changed in the default mapping of one object of a connection, and of which state of the provider's fields that was (SYNC-2).
CREATE TABLE mapping_override (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  body TEXT NOT NULL,
  mapping_schema_version INTEGER NOT NULL,
  field_signature_hash TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

-- The fields that the account itself had when the object's mapping was last in order with them.
CREATE TABLE accepted_fields (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  fields TEXT NOT NULL,
  accepted_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);
