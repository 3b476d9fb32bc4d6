-- What a role that serves requests may do on the trail beside being captured: record an action, and complete the audited
-- transaction it is in. It needs EXECUTE on these two functions and no right on any table; no other transaction is in reach.

CREATE FUNCTION __schema__.threadline_record_action(action jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  recorded uuid;
BEGIN
  INSERT INTO __schema__.audit_actions
    (name, actor_ref, status, verb, category, reason, comment, correlation_id, request_id, job_id)
  VALUES
    (action ->> 'name', action -> 'actor_ref', action ->> 'status', action ->> 'verb', action ->> 'category',
     action ->> 'reason', action ->> 'comment', action ->> 'correlation_id', action ->> 'request_id', action ->> 'job_id')
  RETURNING id INTO recorded;
  RETURN recorded;
END
$$;

-- Ties the current transaction to its action (`{"id": …}` for one that is recorded already) and adds the metadata; without
-- either it only answers. The answer's transaction_id is NULL when nothing was captured (the caller rolls back then, and takes
-- the action along), its action_id when there is no such action; actor is what the first captured write found in the setting.
CREATE FUNCTION __schema__.threadline_complete_transaction(
  action jsonb, metadata jsonb, OUT transaction_id uuid, OUT action_id uuid, OUT actor jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  this_transaction CONSTANT uuid := __schema__.threadline_transaction_id();
BEGIN
  IF action IS NULL AND metadata IS NULL THEN
    SELECT t.id, t.actor_ref INTO transaction_id, actor
    FROM __schema__.audit_transactions AS t WHERE t.id = this_transaction AND t.occurred_at = now();
    RETURN;
  END IF;
  IF action ? 'id' THEN
    SELECT a.id INTO action_id FROM __schema__.audit_actions AS a WHERE a.id = (action ->> 'id')::uuid;
  ELSIF action IS NOT NULL THEN
    action_id := __schema__.threadline_record_action(action);
  END IF;
  UPDATE __schema__.audit_transactions AS t
  SET action_id = coalesce(action_id, t.action_id), meta = coalesce(metadata, t.meta)
  WHERE t.id = this_transaction AND t.occurred_at = now()
  RETURNING t.id, t.actor_ref INTO transaction_id, actor;
END
$$;

REVOKE ALL ON FUNCTION
  __schema__.threadline_record_action(jsonb),
  __schema__.threadline_complete_transaction(jsonb, jsonb)
FROM PUBLIC;
