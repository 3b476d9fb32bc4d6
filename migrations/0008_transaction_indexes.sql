-- What the questions about actors and actions need.
CREATE INDEX audit_transactions_actor_idx ON __schema__.audit_transactions
  ((actor_ref ->> 'type'), (actor_ref ->> 'id'), occurred_at, id) WHERE actor_ref IS NOT NULL;
CREATE INDEX audit_transactions_actor_type_idx ON __schema__.audit_transactions
  ((actor_ref ->> 'type'), occurred_at, id) WHERE actor_ref IS NOT NULL;
CREATE INDEX audit_transactions_action_id_idx ON __schema__.audit_transactions (action_id) WHERE action_id IS NOT NULL;
CREATE INDEX audit_actions_name_idx ON __schema__.audit_actions (name, inserted_at);
CREATE INDEX audit_actions_request_id_idx ON __schema__.audit_actions (request_id) WHERE request_id IS NOT NULL;
-- Changes that were captured more than a second after their transaction began: few, and all that keeps the changes of one
-- actor from following the order of its transactions.
CREATE INDEX audit_changes_late_idx ON __schema__.audit_changes (captured_at, id)
  WHERE captured_at - occurred_at > interval '1 second';
-- Rare by nature: looking for them must not read everything else.
CREATE INDEX audit_changes_truncate_idx ON __schema__.audit_changes (captured_at, id) WHERE op = 'truncate';
