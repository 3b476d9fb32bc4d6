-- What a role that serves requests calls besides having its writes captured: it needs EXECUTE on these functions and no right
-- on any table. None of them reaches any transaction but the current one.

-- Records an action and answers its id.
CREATE FUNCTION __schema__.threadline_record_action(action jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  recorded CONSTANT uuid := __schema__.threadline_uuid_v7(__schema__.threadline_microseconds(clock_timestamp()));
BEGIN
  INSERT INTO __schema__.audit_actions
    (id, name, actor_ref, status, verb, category, reason, comment, correlation_id, request_id, job_id)
  VALUES
    (recorded, action ->> 'name', action -> 'actor_ref', action ->> 'status', action ->> 'verb', action ->> 'category',
     action ->> 'reason', action ->> 'comment', action ->> 'correlation_id', action ->> 'request_id', action ->> 'job_id');
  RETURN recorded;
END
$$;

-- Declares why the current transaction is about to write, and facts about it, before its first captured write: that write
-- makes the transaction's row complete. The action is recorded here, or is one that was recorded before (`{"id": …}`); the
-- answer is its id, and NULL where there is no such action. The setting ends with the transaction, and so does the action when
-- the transaction is rolled back.
CREATE FUNCTION __schema__.threadline_declare(action jsonb, metadata jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  action_id uuid;
  action_name text;
BEGIN
  IF action ? 'id' THEN
    SELECT a.id, a.name INTO action_id, action_name FROM __schema__.audit_actions AS a WHERE a.id = (action ->> 'id')::uuid;
  ELSIF action IS NOT NULL THEN
    action_id := __schema__.threadline_record_action(action);
    action_name := action ->> 'name';
  END IF;
  PERFORM set_config('threadline.declared', jsonb_strip_nulls(jsonb_build_object(
    'action_id', action_id, 'action_name', action_name))::text, true);
  IF metadata IS NOT NULL THEN
    PERFORM set_config('threadline.declared',
                       (current_setting('threadline.declared')::jsonb || jsonb_build_object('meta', metadata))::text, true);
  END IF;
  RETURN action_id;
END
$$;

-- Whether the current transaction has captured anything yet. A transaction that has written nothing is not looked for, because
-- reading the index page that every other session writes to makes SERIALIZABLE transactions conflict. In two statements: the
-- plan of the second one asks for the transaction's id, which assigns it.
CREATE FUNCTION __schema__.threadline_is_captured() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pg_current_xact_id_if_assigned() IS NULL THEN
    RETURN false;
  END IF;
  RETURN EXISTS (SELECT FROM __schema__.audit_transactions AS t
                 WHERE t.id = __schema__.threadline_transaction_id() AND t.occurred_at = now());
END
$$;

REVOKE ALL ON FUNCTION
  __schema__.threadline_record_action(jsonb), __schema__.threadline_declare(jsonb, jsonb), __schema__.threadline_is_captured()
FROM PUBLIC;
