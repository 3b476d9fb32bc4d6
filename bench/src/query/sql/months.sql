-- The months of the trail: the end of the names of the partitions, their bounds, and the numbers of the first and the last
-- transaction that may have left rows there. A transaction may have started eight hours before its last change.
SELECT to_char(month, 'YYYY_MM'), (month AT TIME ZONE 'UTC')::text, ((month + interval '1 month') AT TIME ZONE 'UTC')::text,
       greatest(1, floor(__transactions__ * (extract(epoch FROM month) - first - 8 * 3600) / (last - first))::bigint),
       least(__transactions__, ceil(__transactions__ * (extract(epoch FROM month + interval '1 month') - first) / (last - first))::bigint + 1)
FROM (
  SELECT extract(epoch FROM '__first_moment__'::timestamptz)::float8 AS first,
         extract(epoch FROM '__last_moment__'::timestamptz)::float8 AS last
) AS whole
CROSS JOIN generate_series(date_trunc('month', '__first_moment__'::timestamptz AT TIME ZONE 'UTC'),
                           '__last_moment__'::timestamptz AT TIME ZONE 'UTC', interval '1 month') AS month
ORDER BY 1;
