-- The traces of each write: its rows in the tables of the host, and its changes in the trail.
WITH changes AS (
  SELECT (c.table_pk ->> 'id')::bigint AS id, c.transaction_id, c.occurred_at, c.captured_at, c.table_name, c.op
  FROM threadline.audit_changes AS c
  WHERE (c.table_pk ->> 'id')::bigint > 0
), written AS (
  SELECT c.id, count(*) AS changes,
         count(*) FILTER (WHERE c.table_name = 'host_tickets' AND c.op = 'insert') AS ticket_inserts,
         count(*) FILTER (WHERE c.table_name = 'host_tickets' AND c.op = 'update') AS ticket_updates,
         count(*) FILTER (WHERE c.table_name = 'host_replies' AND c.op = 'insert') AS reply_inserts,
         count(DISTINCT t.id) AS transactions, count(DISTINCT a.id) AS with_action,
         (min(c.captured_at) FILTER (WHERE c.op = 'update') >= max(c.captured_at) FILTER (WHERE c.op = 'insert'))::int::bigint
           AS in_order
  FROM changes AS c
  LEFT JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id AND t.occurred_at = c.occurred_at
  LEFT JOIN threadline.audit_actions AS a ON a.id = t.action_id
  GROUP BY c.id
)
SELECT id, (t.id IS NOT NULL AND t.status = 'closed')::int::bigint AS tickets, (r.id IS NOT NULL)::int::bigint AS replies,
       coalesce(w.changes, 0) AS changes, coalesce(w.ticket_inserts, 0) AS ticket_inserts,
       coalesce(w.ticket_updates, 0) AS ticket_updates, coalesce(w.reply_inserts, 0) AS reply_inserts,
       coalesce(w.transactions, 0) AS transactions, coalesce(w.with_action, 0) AS with_action,
       coalesce(w.in_order, 0) AS in_order
FROM (SELECT * FROM host_tickets WHERE id > 0) AS t
FULL JOIN (SELECT * FROM host_replies WHERE id > 0) AS r USING (id)
FULL JOIN written AS w USING (id)
