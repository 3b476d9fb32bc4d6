-- Changes, bytes of the tables with what is stored out of line, bytes of the indexes; of the trail in the schema :schema.
SELECT (SELECT count(*) FROM :"schema".audit_changes), sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid))
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = :'schema' AND c.relkind = 'r' AND c.relname ~ '^audit_(changes|transactions)';
