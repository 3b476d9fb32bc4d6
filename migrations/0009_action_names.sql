-- The transactions of an action lie in one index, by time, as those of an actor do: the name stands beside the link.
ALTER TABLE __schema__.audit_transactions ADD COLUMN action_name text;
UPDATE __schema__.audit_transactions AS t SET action_name = a.name FROM __schema__.audit_actions AS a WHERE a.id = t.action_id;
CREATE INDEX audit_transactions_action_name_idx ON __schema__.audit_transactions (action_name, occurred_at, id)
  WHERE action_name IS NOT NULL;
DROP INDEX __schema__.audit_actions_name_idx;

-- Whoever ties a transaction to an action, or unties it, the name follows.
CREATE FUNCTION __schema__.threadline_name_action() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.action_name := (SELECT a.name FROM __schema__.audit_actions AS a WHERE a.id = NEW.action_id);
  RETURN NEW;
END
$$;
CREATE TRIGGER threadline_name_action BEFORE INSERT OR UPDATE OF action_id, action_name ON __schema__.audit_transactions
  FOR EACH ROW WHEN (NEW.action_id IS NOT NULL OR NEW.action_name IS NOT NULL)
  EXECUTE FUNCTION __schema__.threadline_name_action();

CREATE FUNCTION __schema__.threadline_rename_action() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE __schema__.audit_transactions AS t SET action_name = NEW.name WHERE t.action_id = NEW.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER threadline_rename_action AFTER UPDATE OF name ON __schema__.audit_actions
  FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION __schema__.threadline_rename_action();
REVOKE ALL ON FUNCTION __schema__.threadline_name_action(), __schema__.threadline_rename_action() FROM PUBLIC;

-- For everybody, also for nobody: what an index of some rows knows of its values is no help to the planner, which would rather
-- read and sort all transactions of an actor.
DROP INDEX __schema__.audit_transactions_actor_idx, __schema__.audit_transactions_actor_type_idx;
CREATE INDEX audit_transactions_actor_idx ON __schema__.audit_transactions
  ((actor_ref ->> 'type'), (actor_ref ->> 'id'), occurred_at, id);
CREATE INDEX audit_transactions_actor_type_idx ON __schema__.audit_transactions ((actor_ref ->> 'type'), occurred_at, id);

-- With the time in it, the changes of a transaction are counted, and found in their order, without a look at the rows. All
-- rows of a statement have one time, so the index is hardly wider.
CREATE INDEX audit_changes_transaction_idx ON __schema__.audit_changes (transaction_id, captured_at);
DROP INDEX __schema__.audit_changes_transaction_id_idx;

-- Which late changes there are, and of which transactions, is told by the index alone.
DROP INDEX __schema__.audit_changes_late_idx;
CREATE INDEX audit_changes_late_idx ON __schema__.audit_changes (captured_at, id) INCLUDE (transaction_id, occurred_at)
  WHERE captured_at - occurred_at > interval '1 second';
