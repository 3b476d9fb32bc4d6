-- The tables of the audit trail. `__schema__` stands for the storage schema. Tables and columns have the names of the
-- Elixir library; [+] marks columns that only this library has. Queries use them to be fast, and do without them in a trail of
-- the Elixir library.

-- What indexes are ordered by: immutable expressions that PostgreSQL inlines. Their results are stored in plain columns, because
-- PostgreSQL initialises an expression of an index or a generated column for each statement, which takes longer than the insert.

-- The hash of a table's name. Two tables rarely have the same hash, and queries compare the names as well.
CREATE FUNCTION __schema__.threadline_table_hash(table_schema text, table_name text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashtextextended(table_name, hashtextextended(table_schema, 0)) & 2147483647)::integer;

-- The bucket of a row's history: three bits for the time, in slots of four days, and a hash of the table and the key. The time
-- slot keeps the writes of the same days together in the index. Without it, each change would touch a different index page, and
-- the first touch of a page after a checkpoint writes the whole page to the WAL. A query for a history reads all eight slots.
CREATE FUNCTION __schema__.threadline_row_slot(microseconds bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN microseconds / 345600000000 << 61;

CREATE FUNCTION __schema__.threadline_row_bucket(table_hash integer, table_pk jsonb, slot bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN slot | (jsonb_hash_extended(table_pk, table_hash) & 2305843009213693951);

-- The key of an actor: type and id in one text, such as user:42. An id that is too long for an index is hashed.
CREATE FUNCTION __schema__.threadline_actor_key(type text, id text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN type || ':' || CASE WHEN octet_length(id) <= 1000 THEN id ELSE 'md5 ' || md5(id) END;

-- One row for each named action: why something was done.
CREATE TABLE __schema__.audit_actions (
  id uuid NOT NULL PRIMARY KEY,
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
CREATE INDEX audit_actions_correlation_id_idx ON __schema__.audit_actions (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX audit_actions_request_id_idx ON __schema__.audit_actions (request_id) WHERE request_id IS NOT NULL;

-- One row for each database transaction that changed a captured table. It is written once, by the first captured change:
-- an UPDATE that adds the action later would read an index page that every other session writes to, and SERIALIZABLE
-- transactions would conflict there. For the same reason `action_id` has no foreign key.
CREATE TABLE __schema__.audit_transactions (
  id uuid NOT NULL,                                -- made of the transaction's own id and start: threadline_transaction_id()
  occurred_at timestamptz NOT NULL DEFAULT now(),  -- the start of the transaction, which can neither vary nor be forged
  txid bigint NOT NULL,                            -- the transaction's 64-bit id (xid8)
  action_id uuid,
  action_name text,                                -- [+] the name of the action
  actor_ref jsonb,
  actor_type text,                                 -- [+] the type of the actor, where actor_ref is a valid one
  actor_key text,                                  -- [+] the key of the actor: see threadline_actor_key()
  source text,                                     -- written by the Elixir library only
  meta jsonb,
  PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE __schema__.audit_transactions_default PARTITION OF __schema__.audit_transactions DEFAULT;
-- The transactions of an actor, of a type of actor, and of an action, each in the order of time.
CREATE INDEX audit_transactions_actor_idx ON __schema__.audit_transactions (actor_key, occurred_at, id)
  WHERE actor_key IS NOT NULL;
CREATE INDEX audit_transactions_actor_type_idx ON __schema__.audit_transactions (actor_type, occurred_at, id)
  WHERE actor_type IS NOT NULL;
CREATE INDEX audit_transactions_action_name_idx ON __schema__.audit_transactions (action_name, occurred_at, id)
  WHERE action_name IS NOT NULL;
-- The transactions under a correlation id or a request id, by way of their actions.
CREATE INDEX audit_transactions_action_id_idx ON __schema__.audit_transactions (action_id) WHERE action_id IS NOT NULL;

-- One row for each changed row, and one for each TRUNCATE. `transaction_id` has no foreign key: retention drops whole
-- partitions of both tables, and the capture functions are the only writers.
CREATE TABLE __schema__.audit_changes (
  id uuid NOT NULL,
  transaction_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,   -- [+] the transaction's occurred_at, so that a join reads one partition
  captured_at timestamptz NOT NULL,   -- when the change was captured; it never runs backwards: see threadline_clock
  row_bucket bigint NOT NULL,         -- [+] the bucket of the row's history: see threadline_row_bucket()
  related_bucket bigint,              -- [+] the bucket of the key before the change, if the change replaced the key
  table_hash integer NOT NULL,        -- [+] the hash of the table's name: see threadline_table_hash()
  op text NOT NULL,                   -- insert, update, delete or truncate; only the capture functions write it
  table_schema text NOT NULL,         -- the name at the time of the change; for a row of a partition, the name of the root
  table_name text NOT NULL,
  table_pk jsonb NOT NULL,            -- the key columns with their values as text; {} where there is none
  data_after jsonb,                   -- the row after the change; NULL after a delete
  changed_fields text[],              -- the columns that an update changed
  changed_from jsonb,                 -- their old values; for a delete, the deleted row
  old_pk jsonb,                       -- [+] the key before the change, where the change replaced the key
  partition_name text,                -- [+] the partition that a TRUNCATE emptied, where it was not the whole table
  clock_at timestamptz,               -- [+] the reading of the clock, if it had been set back: see threadline_clock
  PRIMARY KEY (captured_at, id)
) PARTITION BY RANGE (captured_at);
CREATE TABLE __schema__.audit_changes_default PARTITION OF __schema__.audit_changes DEFAULT;
-- The timeline of one table.
CREATE INDEX audit_changes_table_idx ON __schema__.audit_changes (table_hash, captured_at, id);
-- The changes of one transaction, and their number, in their order. All rows of a statement have one time, so B-tree
-- deduplication keeps this index small.
CREATE INDEX audit_changes_transaction_idx ON __schema__.audit_changes (transaction_id, captured_at);
-- The history of one row, and the changes that took its key away.
CREATE INDEX audit_changes_row_idx ON __schema__.audit_changes (row_bucket, captured_at);
CREATE INDEX audit_changes_related_idx ON __schema__.audit_changes (related_bucket, captured_at)
  WHERE related_bucket IS NOT NULL;
-- Late changes: captured more than a second after their transaction began. All other changes of an actor follow the order of its
-- transactions.
CREATE INDEX audit_changes_late_idx ON __schema__.audit_changes (captured_at, id) INCLUDE (transaction_id, occurred_at)
  WHERE captured_at - occurred_at > interval '1 second';
-- Rare changes that queries look for: each TRUNCATE, and changes that were captured while the clock was set back. One index for
-- both, because each statement initialises the condition of each partial index.
CREATE INDEX audit_changes_rare_idx ON __schema__.audit_changes (captured_at, id)
  WHERE op = 'truncate' OR clock_at IS NOT NULL;

DO $$
BEGIN
  -- Rows wider than 2 kB are compressed; lz4 does so several times faster, where the server was built with it.
  IF EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    ALTER TABLE __schema__.audit_changes ALTER data_after SET COMPRESSION lz4, ALTER changed_from SET COMPRESSION lz4;
    ALTER TABLE __schema__.audit_changes_default
      ALTER data_after SET COMPRESSION lz4, ALTER changed_from SET COMPRESSION lz4;
  END IF;
END
$$;

-- The highest captured_at so far, in half microseconds since 1970, so that no change is recorded before one that was written
-- earlier, even when the server's clock is set back. An even value is a reading of the clock, and changes may have times up to
-- 10 ms after it, which keeps the number of writes to this sequence below 100 per second. An odd value is exact: the clock is
-- behind it, and every time comes from nextval(). It is a sequence because a sequence is neither locked until the end of a
-- transaction nor rolled back.
CREATE SEQUENCE __schema__.threadline_clock AS bigint INCREMENT BY 2 MINVALUE 0;
SELECT pg_catalog.setval('__schema__.threadline_clock', 0);
-- The number of times that the clock was found to be behind. Queries look for changes with clock_at only if it is not zero.
CREATE SEQUENCE __schema__.threadline_clock_steps AS bigint;

-- Creates the partitions of the current month and the following months, and returns their number. Rows in a default partition
-- are moved into the new partition. It runs with the rights of the trail's owner, so that a role for maintenance needs no right
-- on any table; the caller chooses only the number of months. The settings decide how the bounds of a partition are written.
CREATE FUNCTION __schema__.threadline_ensure_partitions(months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET "TimeZone" = 'UTC'
SET "DateStyle" = 'ISO, YMD'
AS $$
DECLARE
  made integer := 0;
  parent text;
  time_column text;
  partition_name text;
  month timestamp;
  lower_bound timestamptz;
  upper_bound timestamptz;
BEGIN
  IF months_ahead NOT BETWEEN 0 AND 120 THEN
    RAISE EXCEPTION 'months_ahead is %, expected 0 to 120', months_ahead USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('threadline_ensure_partitions:__schema__', 0));
  FOR parent, time_column IN VALUES ('audit_transactions', 'occurred_at'), ('audit_changes', 'captured_at') LOOP
    FOR ahead IN 0 .. months_ahead LOOP
      month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
      lower_bound := month AT TIME ZONE 'UTC';
      upper_bound := (month + interval '1 month') AT TIME ZONE 'UTC';
      partition_name := parent || to_char(month, '"_"YYYY"_"MM');
      CONTINUE WHEN to_regclass(format('__schema__.%I', partition_name)) IS NOT NULL;
      EXECUTE format('CREATE TABLE __schema__.%I (LIKE __schema__.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                     'INCLUDING STORAGE INCLUDING COMPRESSION)', partition_name, parent);
      EXECUTE format('LOCK TABLE __schema__.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
      EXECUTE format('WITH moved AS (DELETE FROM __schema__.%1$I WHERE %2$I >= $1 AND %2$I < $2 RETURNING *) '
                     'INSERT INTO __schema__.%3$I SELECT * FROM moved',
                     parent || '_default', time_column, partition_name) USING lower_bound, upper_bound;
      EXECUTE format('ALTER TABLE __schema__.%I ATTACH PARTITION __schema__.%I FOR VALUES FROM (%L) TO (%L)',
                     parent, partition_name, lower_bound, upper_bound);
      EXECUTE format('REVOKE ALL ON TABLE __schema__.%I FROM PUBLIC', partition_name);
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;

REVOKE ALL ON __schema__.audit_actions, __schema__.audit_transactions, __schema__.audit_transactions_default,
  __schema__.audit_changes, __schema__.audit_changes_default FROM PUBLIC;
REVOKE ALL ON SEQUENCE __schema__.threadline_clock, __schema__.threadline_clock_steps FROM PUBLIC;
REVOKE ALL ON FUNCTION
  __schema__.threadline_table_hash(text, text),
  __schema__.threadline_row_slot(bigint),
  __schema__.threadline_row_bucket(integer, jsonb, bigint),
  __schema__.threadline_actor_key(text, text),
  __schema__.threadline_ensure_partitions(integer)
FROM PUBLIC;
