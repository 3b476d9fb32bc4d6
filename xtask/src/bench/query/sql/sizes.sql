-- Sizes of the trail, tables first; what is partitioned is added up.
SELECT format('%-72s %9s', name, pg_size_pretty(sum(bytes)))
FROM (
  SELECT 1 AS place, root::regclass::text AS name, pg_table_size(part.relid) AS bytes
  FROM unnest('{threadline.audit_changes,threadline.audit_transactions,threadline.audit_actions}'::text[]) AS root
  CROSS JOIN LATERAL (
    SELECT relid FROM pg_partition_tree(root::regclass) WHERE isleaf
    UNION SELECT root::regclass
  ) AS part
  UNION ALL
  SELECT 2, regexp_replace(pg_get_indexdef(root.indexrelid), '^.* ON (ONLY )?(\S+) USING (\S+) (.*)$', '\2 \3 \4'),
         pg_relation_size(part.relid)
  FROM pg_index AS root
  CROSS JOIN LATERAL (
    SELECT relid FROM pg_partition_tree(root.indexrelid) WHERE isleaf UNION SELECT root.indexrelid
  ) AS part
  WHERE root.indrelid IN ('threadline.audit_changes'::regclass, 'threadline.audit_transactions'::regclass,
                          'threadline.audit_actions'::regclass)
) AS parts
GROUP BY place, name ORDER BY place, sum(bytes) DESC;
