-- The tables as the reference system makes them in schema public, with rows of every generation of its keys.
CREATE TABLE audit_actions (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  actor_ref jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('ok', 'error')),
  verb text, category text, reason text, comment text, correlation_id text, request_id text, job_id text,
  inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit_transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  txid bigint NOT NULL UNIQUE,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  source text,
  meta jsonb,
  actor_ref jsonb,
  action_id uuid REFERENCES audit_actions (id) ON DELETE SET NULL
);
CREATE TABLE audit_changes (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  transaction_id uuid NOT NULL REFERENCES audit_transactions (id) ON DELETE CASCADE,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  table_pk jsonb NOT NULL,
  op text NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
  data_after jsonb,
  changed_fields text[],
  changed_from jsonb,
  captured_at timestamptz NOT NULL
);
CREATE INDEX audit_changes_transaction_id_idx ON audit_changes (transaction_id);
CREATE INDEX audit_changes_table_name_idx ON audit_changes (table_name);
CREATE INDEX audit_changes_captured_at_idx ON audit_changes (captured_at);

INSERT INTO audit_actions (id, name, actor_ref, status, correlation_id, request_id, inserted_at) VALUES
  ('a0000000-0000-4000-8000-000000000001', 'order_placed', '{"type": "user", "id": "42"}', 'ok', 'corr-1', 'req-1',
   '2025-03-01 10:00:00Z');
-- occurred_at is the moment of the first captured row, not the beginning of the transaction.
INSERT INTO audit_transactions (id, txid, occurred_at, actor_ref, action_id, source, meta) VALUES
  ('b0000000-0000-4000-8000-000000000001', 101, '2025-01-01 10:00:00.5Z', NULL, NULL, NULL, NULL),
  ('b0000000-0000-4000-8000-000000000002', 102, '2025-02-01 10:00:00Z', '{"type": "anonymous"}', NULL, NULL, NULL),
  ('b0000000-0000-4000-8000-000000000003', 103, '2025-03-01 10:00:00Z', '{"type": "user", "id": "42"}',
   'a0000000-0000-4000-8000-000000000001', 'web', '{"channel": "web"}'),
  ('b0000000-0000-4000-8000-000000000004', 104, '2025-04-01 10:00:00Z', '{"type": "job", "id": "nightly"}', NULL, NULL, NULL);
INSERT INTO audit_changes
  (transaction_id, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from, captured_at) VALUES
  ('b0000000-0000-4000-8000-000000000001', 'public', 'orders', '{"id": "1"}', 'insert', '{"id": 1, "state": "new", "total": 10.00}',
   NULL, NULL, '2025-01-01 10:00:00.5Z'),
  ('b0000000-0000-4000-8000-000000000001', 'public', 'settings', '{"id": null}', 'insert', '{"name": "vat", "value": "19"}',
   NULL, NULL, '2025-01-01 10:00:00.6Z'),
  ('b0000000-0000-4000-8000-000000000002', 'public', 'orders', '{"id": "1"}', 'update', '{"id": 1, "state": "paid", "total": 10.00}',
   '{state}', NULL, '2025-02-01 10:00:00Z'),
  ('b0000000-0000-4000-8000-000000000002', 'public', 'settings', '{}', 'update', '{"name": "vat", "value": "20"}',
   '{value}', NULL, '2025-02-01 10:00:00.1Z'),
  ('b0000000-0000-4000-8000-000000000003', 'public', 'order_lines', '{"line": "2", "order_id": "1"}', 'insert',
   '{"order_id": 1, "line": 2, "sku": "A-1"}', NULL, NULL, '2025-03-01 10:00:00Z'),
  ('b0000000-0000-4000-8000-000000000003', 'public', 'orders', '{"id": "1"}', 'update', '{"id": 1, "state": "sent", "total": 10.00}',
   '{state}', '{"state": "paid"}', '2025-03-01 10:00:00.2Z'),
  ('b0000000-0000-4000-8000-000000000003', 'public', 'orders', '{"id": "1"}', 'update', '{"id": 1, "state": "sent", "total": 10.00}',
   NULL, NULL, '2025-03-01 10:00:00.3Z'),
  ('b0000000-0000-4000-8000-000000000004', 'public', 'orders', '{"id": "1"}', 'delete', NULL, NULL, NULL,
   '2025-04-01 10:00:00Z');
