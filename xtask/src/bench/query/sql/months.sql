-- The months of the trail: the end of the partitions' names, their bounds (UTC), and the first and the last transaction that
-- can have left something there; such a one may have begun eight hours before.
SELECT to_char(month, 'YYYY_MM'), month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC',
       greatest(1, floor(:transactions * (extract(epoch FROM month) - first - 8 * 3600) / (last - first))::bigint),
       least(:transactions, ceil(:transactions * (extract(epoch FROM month + interval '1 month') - first) / (last - first))::bigint + 1)
FROM (
  SELECT extract(epoch FROM :'first_moment'::timestamptz)::float8 AS first,
         extract(epoch FROM :'last_moment'::timestamptz)::float8 AS last
) AS whole
CROSS JOIN generate_series(date_trunc('month', :'first_moment'::timestamptz AT TIME ZONE 'UTC'),
                           :'last_moment'::timestamptz AT TIME ZONE 'UTC', interval '1 month') AS month
ORDER BY 1;
