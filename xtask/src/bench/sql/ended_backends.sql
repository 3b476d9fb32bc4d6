-- pgbench ends before the server's processes that served it do.
DO $$
BEGIN
  WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pgbench') LOOP
    PERFORM pg_sleep(0.05);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
  PERFORM pg_sleep(0.2);
END
$$;

-- Fields of /proc/PID/stat are counted behind the name, which stands in brackets: 2 is the parent, 14 and 15 are the time
-- of the children that were waited for.
SELECT split_part(server.stat, ' ', 14)::bigint + split_part(server.stat, ' ', 15)::bigint
FROM (SELECT split_part(pg_read_file('/proc/self/stat', 0, 1000, true), ') ', 2) AS stat) AS this,
     LATERAL (SELECT split_part(this.stat, ' ', 2) AS first_process) AS parent,
     LATERAL (SELECT split_part(pg_read_file('/proc/' || first_process || '/stat', 0, 1000, true), ') ', 2)) AS server (stat);
