-- Changes :first to :last of :total, as if they had been captured one after the other since the month began: ten to a
-- transaction, of a million rows that come in no order, half of them with scattered keys.

CREATE FUNCTION pg_temp.moment(number bigint, total bigint) RETURNS timestamptz LANGUAGE sql STABLE
RETURN date_trunc('month', now()) + (now() - date_trunc('month', now())) * (number::double precision / total);

-- A UUIDv7 that the number decides.
CREATE FUNCTION pg_temp.id(at timestamptz, number bigint) RETURNS uuid LANGUAGE sql STABLE
RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '7' || left(md5(number::text), 3) || '8' || substr(md5(number::text), 4, 15))::uuid;

INSERT INTO threadline.audit_transactions (id, txid, occurred_at, actor_ref)
SELECT pg_temp.id(pg_temp.moment(n, :total), n), n, pg_temp.moment(n, :total),
       jsonb_build_object('type', 'user', 'id', (n % 1000)::text)
FROM generate_series(:first, :last, 10) AS n;

INSERT INTO threadline.audit_changes
  (id, transaction_id, occurred_at, table_schema, table_name, table_pk, op, data_after, changed_fields, changed_from,
   captured_at)
SELECT pg_temp.id(pg_temp.moment(n, :total), n),
       pg_temp.id(pg_temp.moment(n - n % 10, :total), n - n % 10),
       pg_temp.moment(n - n % 10, :total),
       'public', 'tickets', jsonb_build_object('id', key::text), op,
       CASE WHEN op <> 'delete' THEN image END,
       CASE WHEN op = 'update' THEN ARRAY['priority', 'status', 'updated_at'] END,
       CASE op WHEN 'update' THEN jsonb_build_object('priority', 'low', 'status', 'open', 'updated_at', now())
               WHEN 'delete' THEN image END,
       pg_temp.moment(n, :total)
FROM make_tickets(:first, :last, false) AS ticket
CROSS JOIN LATERAL (SELECT ticket.id AS n, hashint8(ticket.id) & 1048575 AS row_number) AS change
CROSS JOIN LATERAL (
  SELECT CASE WHEN n % 2 = 0 THEN row_number ELSE ('x7' || left(md5(row_number::text), 15))::bit(64)::bigint END AS key,
         CASE WHEN n % 10 < 3 THEN 'insert' WHEN n % 10 < 9 THEN 'update' ELSE 'delete' END AS op
) AS what
CROSS JOIN LATERAL (SELECT to_jsonb(ticket) || jsonb_build_object('id', key) AS image) AS whole;
