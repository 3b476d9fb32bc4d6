-- Ids, the clock and the row of a transaction: what capture functions, and the functions for applications, are made of. Capture
-- functions run with a search_path of pg_catalog.

-- Ids --------------------------------------------------------------------------------------------------------------
-- Single expressions without settings of their own, so that PostgreSQL inlines them.

-- Microseconds since 1970.
CREATE FUNCTION __schema__.threadline_microseconds(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (date_part('epoch', at) * 1000000)::bigint;

-- The first half of a UUIDv7 (RFC 9562) in hexadecimal: 48 bits of milliseconds, the version, and 12 bits that are zero.
CREATE FUNCTION __schema__.threadline_uuid_v7_head(microseconds bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad(to_hex(microseconds / 1000), 12, '0') || '7000';

-- The other half, for the rows of one statement: the variant, 26 bits for the position of the row, 36 random bits.
CREATE FUNCTION __schema__.threadline_uuid_v7_tail() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN ('x8000000' || right(gen_random_uuid()::text, 9))::bit(64)::bigint;

-- The id of a row of the statement, which keeps the order of the rows. Beyond 67 million rows the position goes on in the
-- random part: ids stay unique and lose their order.
CREATE FUNCTION __schema__.threadline_row_id(head text, tail bigint, ordinal bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (head || to_hex(tail + ((ordinal & 67108863) << 36) + (ordinal >> 26)))::uuid;

CREATE FUNCTION __schema__.threadline_uuid_v7(microseconds bigint) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN (lpad(to_hex(microseconds / 1000), 12, '0') || '7' || substr(gen_random_uuid()::text, 16))::uuid;

-- The id of the audit transaction is computed from the id and the start of the database transaction: it is the same in every
-- call, needs no lookup, and cannot be forged by a setting.
CREATE FUNCTION __schema__.threadline_transaction_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN (__schema__.threadline_uuid_v7_head(__schema__.threadline_microseconds(now()))
        || to_hex((1::bigint << 63) | txid_current()))::uuid;

-- The clock -----------------------------------------------------------------------------------------------------------

-- Returns the time to record, in microseconds, if the reading of the clock cannot be used or has to be stored in
-- threadline_clock. `high` was read from the sequence before the clock was read, so the clock is behind it only if it was set
-- back. A change is never recorded before its transaction began, either.
CREATE FUNCTION __schema__.threadline_advance_clock(clock_reading bigint, high bigint, transaction_start bigint)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  least bigint;
BEGIN
  IF clock_reading * 2 > high AND clock_reading >= transaction_start THEN
    PERFORM setval('__schema__.threadline_clock', clock_reading * 2);
    RETURN clock_reading;
  END IF;
  least := greatest(high + CASE WHEN high & 1 = 0 THEN 20001 ELSE 0 END, transaction_start * 2 + 1);
  IF least > high THEN
    PERFORM nextval('__schema__.threadline_clock_steps');
    PERFORM setval('__schema__.threadline_clock', least);
  END IF;
  RETURN nextval('__schema__.threadline_clock') / 2;
END
$$;

-- The transaction -----------------------------------------------------------------------------------------------------

-- Parses a setting as a JSON object. Returns NULL if it is not one.
CREATE FUNCTION __schema__.threadline_json_object(setting text) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  value jsonb;
BEGIN
  value := setting::jsonb;
  RETURN CASE WHEN jsonb_typeof(value) = 'object' THEN value END;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END
$$;

-- Inserts the row of the current transaction, unless it exists. The application's declaration is in two settings that are local
-- to the transaction: `threadline.actor_ref`, which the Elixir library has as well, and `threadline.declared`, which
-- threadline_declare() sets. After the transaction a local setting is '', not NULL. A malformed setting never makes the write
-- fail: the transaction then has no actor and a mark in its metadata. The text of the setting is not kept, because it may be a
-- secret. The setting `threadline.captured` tells the application at commit that something was captured, and for which actor.
-- Like the row, it is undone when a savepoint is rolled back.
CREATE FUNCTION __schema__.threadline_record_transaction(transaction uuid, record_session boolean) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
  actor_setting CONSTANT text := current_setting('threadline.actor_ref', true);
  declared_setting CONSTANT text := current_setting('threadline.declared', true);
  actor jsonb;
  declared jsonb;
  metadata jsonb;
  actor_type text;
  actor_key text;
BEGIN
  IF actor_setting <> '' THEN
    actor := __schema__.threadline_json_object(actor_setting);
    IF actor IS NULL THEN
      metadata := jsonb_build_object('malformed_actor_ref', true);
      RAISE WARNING 'the setting threadline.actor_ref is not a JSON object, so the audit transaction has no actor'
        USING HINT = 'Set it with set_config(''threadline.actor_ref'', ''{"type":"user","id":"42"}'', true).';
    ELSIF actor ->> 'type' = 'anonymous' THEN
      actor_type := 'anonymous';
    ELSIF actor ->> 'type' IN ('user', 'admin', 'service_account', 'job', 'system')
          AND jsonb_typeof(actor -> 'id') = 'string' AND actor ->> 'id' <> '' THEN
      actor_type := actor ->> 'type';
      actor_key := __schema__.threadline_actor_key(actor_type, actor ->> 'id');
    END IF;
  ELSIF record_session THEN
    metadata := jsonb_build_object('session', jsonb_build_object(
      'role', CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END,
      'application_name', current_setting('application_name'),
      'client_address', host(inet_client_addr())));
  END IF;
  IF declared_setting <> '' THEN
    declared := __schema__.threadline_json_object(declared_setting);
    metadata := CASE WHEN metadata IS NULL THEN declared -> 'meta' ELSE coalesce(declared -> 'meta', '{}') || metadata END;
  END IF;
  INSERT INTO __schema__.audit_transactions
    (id, occurred_at, txid, action_id, action_name, actor_ref, actor_type, actor_key, meta)
  VALUES
    (transaction, now(), txid_current(),
     CASE WHEN declared ->> 'action_id' ~ '^[0-9a-f-]{36}$' THEN (declared ->> 'action_id')::uuid END,
     left(declared ->> 'action_name', 500), actor, actor_type, actor_key, metadata)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM set_config('threadline.captured', transaction::text || ' ' || coalesce(actor::text, ''), true);
  END IF;
END
$$;

-- Returns the name under which a relation's changes are recorded. For a partition it is the name of the root, because a row has
-- one history in all partitions.
CREATE FUNCTION __schema__.threadline_root_table(relation oid) RETURNS text[]
LANGUAGE sql STABLE
RETURN (
  SELECT ARRAY[n.nspname::text, c.relname::text]
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = coalesce(pg_catalog.pg_partition_root(relation), relation)
);

-- Capture functions run with the rights of the trail's owner, so a writer needs no right. The roles that call functions of the
-- trail themselves get the right from `threadline install --roles`.
REVOKE ALL ON FUNCTION
  __schema__.threadline_microseconds(timestamptz),
  __schema__.threadline_uuid_v7_head(bigint),
  __schema__.threadline_transaction_id(),
  __schema__.threadline_uuid_v7_tail(),
  __schema__.threadline_row_id(text, bigint, bigint),
  __schema__.threadline_uuid_v7(bigint),
  __schema__.threadline_advance_clock(bigint, bigint, bigint),
  __schema__.threadline_json_object(text),
  __schema__.threadline_record_transaction(uuid, boolean),
  __schema__.threadline_root_table(oid)
FROM PUBLIC;
