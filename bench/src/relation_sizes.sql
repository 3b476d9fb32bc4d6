-- The bytes of each table (with what is stored out of line) and of each index of the trail in the schema $1, with those of all
-- partitions added up.
SELECT relation, sum(bytes)::bigint AS bytes
FROM (
  SELECT root.relname || ' (table)' AS relation, pg_table_size(part.relid) AS bytes
  FROM pg_class AS root
  CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(root.oid) UNION SELECT root.oid) AS part
  WHERE root.relnamespace = to_regnamespace($1) AND root.relname ~ '^audit_' AND root.relkind IN ('r', 'p')
    AND NOT root.relispartition
  UNION ALL
  SELECT root.relname, pg_relation_size(part.relid)
  FROM pg_class AS root
  CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(root.oid) UNION SELECT root.oid) AS part
  WHERE root.relnamespace = to_regnamespace($1) AND root.relname ~ '^audit_' AND root.relkind IN ('i', 'I')
    AND NOT root.relispartition
) AS parts
GROUP BY relation ORDER BY relation;
