-- The audit trail's own tables. `__schema__` stands for the storage schema.
-- Table and column names are those of the reference system; columns that only we have are marked [+].

-- The part of a UUIDv7 (RFC 9562) that holds the time: 48 bits of milliseconds and 12 bits of the fraction below, as text
-- up to the variant. Computed once per statement; each row appends its own random tail.
CREATE FUNCTION __schema__.threadline_uuid_v7_head(at timestamptz) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7' || fraction || '-'
  FROM (
    SELECT lpad(to_hex(us / 1000), 12, '0') AS ms, lpad(to_hex(us % 1000 * 4096 / 1000), 3, '0') AS fraction
    FROM (SELECT (extract(epoch FROM at) * 1000000)::bigint AS us) AS clock
  ) AS parts
$$;

CREATE FUNCTION __schema__.threadline_uuid_v7(at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (__schema__.threadline_uuid_v7_head(at) || substr(gen_random_uuid()::text, 20))::uuid
$$;

-- Why something was done: one row per named action.
CREATE TABLE __schema__.audit_actions (
  id uuid PRIMARY KEY DEFAULT __schema__.threadline_uuid_v7(clock_timestamp()),
  name text NOT NULL,
  actor_ref jsonb NOT NULL,
  status text NOT NULL DEFAULT 'ok' CHECK (status IN ('ok', 'error')),
  verb text,
  category text,
  reason text,
  comment text,
  correlation_id text,
  request_id text,
  job_id text,
  inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_actions_inserted_at_idx ON __schema__.audit_actions (inserted_at);
CREATE INDEX audit_actions_correlation_id_idx ON __schema__.audit_actions (correlation_id)
  WHERE correlation_id IS NOT NULL;

-- One row per database transaction that changed an audited table. `occurred_at` is the transaction's own now(): constant
-- inside it, so (txid, occurred_at) finds the row in one partition, and nothing outside can forge it.
CREATE TABLE __schema__.audit_transactions (
  id uuid NOT NULL DEFAULT __schema__.threadline_uuid_v7(clock_timestamp()),
  txid bigint NOT NULL,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  source text,
  meta jsonb,
  actor_ref jsonb,
  action_id uuid REFERENCES __schema__.audit_actions (id) ON DELETE SET NULL,
  PRIMARY KEY (id, occurred_at),
  UNIQUE (txid, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE __schema__.audit_transactions_default PARTITION OF __schema__.audit_transactions DEFAULT;

-- One row per changed row. `transaction_id` has no foreign key: retention drops whole partitions of both tables, and the
-- capture functions are the only writers.
CREATE TABLE __schema__.audit_changes (
  id uuid NOT NULL,
  transaction_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,     -- [+] the transaction's occurred_at, so that the join reads one partition
  table_schema text NOT NULL,
  table_name text NOT NULL,
  table_pk jsonb NOT NULL,
  op text NOT NULL CHECK (op IN ('insert', 'update', 'delete', 'truncate')),
  data_after jsonb,
  changed_fields text[],
  changed_from jsonb,                   -- old values of changed_fields; for a delete the whole deleted row
  captured_at timestamptz NOT NULL,
  PRIMARY KEY (captured_at, id)
) PARTITION BY RANGE (captured_at);
CREATE TABLE __schema__.audit_changes_default PARTITION OF __schema__.audit_changes DEFAULT;
CREATE INDEX audit_changes_transaction_id_idx ON __schema__.audit_changes (transaction_id);
CREATE INDEX audit_changes_table_idx ON __schema__.audit_changes (table_schema, table_name, captured_at, id);

REVOKE ALL ON ALL TABLES IN SCHEMA __schema__ FROM PUBLIC;
