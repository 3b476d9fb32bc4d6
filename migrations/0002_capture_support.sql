-- What the generated capture functions call.

-- The id of the current audit transaction; made at the first captured change. Looked up by the transaction's own id and
-- time each time, never by a setting: a savepoint that rolled back takes its row with it, and a setting can be forged.
CREATE FUNCTION __schema__.threadline_current_transaction() RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  current_txid CONSTANT bigint := pg_current_xact_id()::text::bigint;
  actor jsonb;
  found_id uuid;
BEGIN
  SELECT id INTO found_id FROM __schema__.audit_transactions WHERE txid = current_txid AND occurred_at = now();
  IF FOUND THEN
    RETURN found_id;
  END IF;
  -- After a local setting ends it reads as '', not NULL.
  BEGIN
    actor := NULLIF(current_setting('threadline.actor_ref', true), '')::jsonb;
  EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
    actor := 'null';
  END;
  IF jsonb_typeof(actor) <> 'object' THEN
    RAISE EXCEPTION 'the setting threadline.actor_ref is not a JSON object'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Set it with set_config(''threadline.actor_ref'', ''{"type":"user","id":"42"}'', true), or leave it empty.';
  END IF;
  INSERT INTO __schema__.audit_transactions (txid, actor_ref) VALUES (current_txid, actor) RETURNING id INTO found_id;
  RETURN found_id;
END
$$;

-- Makes the partitions of the current month and of the months ahead; answers how many it made. Rows that reached a default
-- partition meanwhile move into the partition that is theirs.
CREATE FUNCTION __schema__.threadline_ensure_partitions(months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
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
      EXECUTE format('CREATE TABLE __schema__.%I (LIKE __schema__.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                     partition_name, parent);
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

REVOKE ALL ON FUNCTION __schema__.threadline_current_transaction() FROM PUBLIC;
REVOKE ALL ON FUNCTION __schema__.threadline_ensure_partitions(integer) FROM PUBLIC;
