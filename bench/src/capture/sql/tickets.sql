-- The captured table, which is the same for every variant, and its content.

CREATE TABLE tickets (
  id bigint PRIMARY KEY,
  account_id uuid NOT NULL,
  status text NOT NULL,
  priority text NOT NULL,
  subject text NOT NULL,
  body text,
  amount numeric(12, 2) NOT NULL,
  quantity integer NOT NULL,
  active boolean NOT NULL,
  tags jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

-- Returns rows that differ as those of an application do.
CREATE FUNCTION make_tickets(first_number bigint, last_number bigint) RETURNS SETOF tickets
LANGUAGE sql STABLE
AS $$
  SELECT n,
         md5((n % 1000)::text)::uuid,
         (ARRAY['open', 'pending', 'solved'])[n % 3 + 1],
         (ARRAY['low', 'normal', 'high'])[n % 3 + 1],
         'Printer on floor ' || n % 40 || ' does not answer',
         'It was fine yesterday and today it says ' || md5(n::text) || ' whenever somebody prints.',
         (n % 100000) / 100.0,
         (n % 50)::integer,
         n % 2 = 0,
         jsonb_build_array('office', 'floor-' || n % 40),
         now() - interval '1 day',
         now()
  FROM generate_series(first_number, last_number) AS n
$$;
