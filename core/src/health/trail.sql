-- Returns one row: the capture functions, the trail's own tables, and the roles that can change them or bypass capture.
-- $1: the storage schema.
-- $2 and $3: the cached functions and the versions of their rows. An unchanged function is not read and hashed again.
-- $4: the names of the types whose values have exactly one text.
-- $5 and $6: the prefixes of the names of capture triggers and capture functions.
WITH RECURSIVE function AS (
  SELECT p.oid::bigint AS oid, n.nspname::text AS schema, p.proname::text AS name, row.version,
         CASE WHEN known.oid IS NULL THEN encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') END AS digest,
         CASE WHEN known.oid IS NULL THEN d.description END AS comment,
         CASE WHEN known.oid IS NULL AND p.proconfig IS NULL AND coalesce(d.description, '') NOT LIKE '{%'
                   AND p.prolang = (SELECT oid FROM pg_catalog.pg_language WHERE lanname = 'plpgsql') THEN p.prosrc END AS body,
         p.prosecdef AND coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) AS has_pinned_search_path,
         p.prosecdef, p.proowner
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  LEFT JOIN pg_catalog.pg_description AS d
    ON d.objoid = p.oid AND d.classoid = 'pg_catalog.pg_proc'::regclass AND d.objsubid = 0
  CROSS JOIN LATERAL (SELECT concat_ws(' ', p.xmin, p.ctid, d.xmin, d.ctid) AS version) AS row
  LEFT JOIN unnest($2::bigint[], $3::text[]) AS known (oid, version) ON known.oid = p.oid AND known.version = row.version
  WHERE p.prorettype = 'pg_catalog.trigger'::regtype
    AND p.oid IN (SELECT tgfoid FROM pg_catalog.pg_trigger WHERE starts_with(tgname::text, $5))
     OR starts_with(p.proname::text, $6)
), own AS (
  SELECT c.oid, c.relnamespace, c.relname::text AS name, c.relkind, c.relispartition, c.relowner, c.relacl
  FROM pg_catalog.pg_class AS c
  WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND c.relkind IN ('r', 'p')
    AND (c.relname IN ('audit_changes', 'audit_transactions', 'audit_actions')
         OR c.relispartition AND EXISTS (
              SELECT FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS parent ON parent.oid = i.inhparent
              WHERE i.inhrelid = c.oid AND parent.relnamespace = c.relnamespace
                AND parent.relname IN ('audit_changes', 'audit_transactions')))
), privilege AS (
  SELECT own.name AS relation, own.relowner, acl.* FROM own, aclexplode(own.relacl) AS acl
  WHERE acl.grantee <> own.relowner
  UNION
  SELECT own.name, own.relowner, acl.*
  FROM own JOIN pg_catalog.pg_attribute AS a ON a.attrelid = own.oid, aclexplode(a.attacl) AS acl
  WHERE acl.grantee <> own.relowner
), writer AS (
  SELECT p.relation, r.rolname::text AS role, array_agg(DISTINCT p.privilege_type ORDER BY p.privilege_type) AS privileges,
         bool_or(p.is_grantable) AS is_grantable,
         coalesce(array_agg(DISTINCT grantor.rolname::text) FILTER (WHERE p.grantor <> p.relowner), '{}') AS grantors
  FROM privilege AS p
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = p.grantee
  LEFT JOIN pg_catalog.pg_roles AS grantor ON grantor.oid = p.grantor
  WHERE p.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER') AND r.rolsuper IS NOT TRUE
  GROUP BY 1, 2
), definer AS (
  -- The owners of capture functions: a SECURITY DEFINER function writes to the trail with their privileges.
  SELECT d.oid, r.rolname::text AS name, pg_has_role(d.oid, 'USAGE') AS may_replace,
         coalesce((SELECT bool_and(has_schema_privilege(d.oid, own.relnamespace, 'USAGE')
                                   AND has_table_privilege(d.oid, own.oid, 'INSERT'))
                   FROM own WHERE own.name IN ('audit_changes', 'audit_transactions')), false) AS may_record
  FROM (SELECT DISTINCT proowner AS oid FROM function) AS d JOIN pg_catalog.pg_roles AS r ON r.oid = d.oid
), base AS (
  -- The base type of each type: that of a domain is the one that it is defined over.
  SELECT t.oid AS type, t.oid AS base FROM pg_catalog.pg_type AS t WHERE t.typtype IN ('b', 'd', 'e') AND t.typcategory <> 'A'
  UNION ALL
  SELECT base.type, t.typbasetype FROM base JOIN pg_catalog.pg_type AS t ON t.oid = base.base WHERE t.typtype = 'd'
)
SELECT now() AS checked_at,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role_is_superuser,
       EXISTS (SELECT FROM own WHERE name = 'audit_changes') AS is_installed,
       EXISTS (SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
               WHERE n.nspname = $1 AND p.proname = 'threadline_ensure_partitions') AS can_capture,
       (SELECT coalesce(bool_or(has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')), false)
        FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname = $1 AND p.proname = 'threadline_ensure_partitions') AS may_create_partitions,
       (SELECT coalesce(bool_or(has_schema_privilege(oid, 'CREATE')), false) FROM pg_catalog.pg_namespace
        WHERE nspname = $1) AS may_create,
       (SELECT coalesce(array_agg(base.type::bigint), '{}') FROM base JOIN pg_catalog.pg_type AS t ON t.oid = base.base
        WHERE t.typtype = 'e' OR t.typtype <> 'd' AND t.typname = ANY ($4)) AS stable_types,
       (SELECT coalesce(array_agg(nspname::text), '{}') FROM pg_catalog.pg_namespace) AS schemas,
       f.*,
       EXISTS (SELECT FROM own WHERE name = 'audit_changes' AND relkind = 'p') AS is_partitioned,
       (SELECT coalesce(array_agg(name), '{}') FROM own WHERE relispartition) AS partitions,
       (SELECT coalesce(array_agg(name), '{}') FROM own
        WHERE name IN ('audit_changes_default', 'audit_transactions_default') AND pg_catalog.pg_relation_size(oid) > 0
          AND has_schema_privilege(relnamespace, 'USAGE') AND has_any_column_privilege(oid, 'SELECT')) AS filled_defaults,
       indexes.*,
       owner.rolname::text AS owner, owner.rolsuper AS owner_is_superuser, owner.rolcanlogin AS owner_can_log_in,
       pg_has_role(owner.oid, 'USAGE') AS may_alter,
       (SELECT coalesce(json_agg(writer), '[]') FROM writer) AS writers,
       (SELECT coalesce(json_agg(json_build_object('role', r.rolname, 'database', d.datname)), '[]')
        FROM pg_catalog.pg_db_role_setting AS s
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
        LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
        WHERE (d.datname IS NULL OR d.datname = current_database())
          AND 'session_replication_role=replica' = ANY (s.setconfig)) AS disabled_by_setting,
       (SELECT coalesce(json_agg(json_build_object('role', r.rolname, 'grantor', g.rolname, 'is_grantable', acl.is_grantable,
                                                   'is_granted_by_superuser', g.oid = 10)), '[]')
        FROM pg_catalog.pg_parameter_acl AS p, aclexplode(p.paracl) AS acl
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = acl.grantee
        LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = acl.grantor
        WHERE p.parname = 'session_replication_role' AND acl.privilege_type = 'SET' AND r.rolsuper IS NOT TRUE) AS can_disable_triggers
FROM (SELECT coalesce(array_agg(function.oid), '{}') AS oids, coalesce(array_agg(schema), '{}') AS function_schemas,
             coalesce(array_agg(function.name), '{}') AS names, coalesce(array_agg(version), '{}') AS versions,
             coalesce(array_agg(digest), '{}') AS digests,
             coalesce(array_agg(comment), '{}') AS comments, coalesce(array_agg(body), '{}') AS bodies,
             coalesce(array_agg(has_pinned_search_path), '{}') AS pinned_search_paths, coalesce(array_agg(definer.name), '{}') AS function_owners,
             coalesce(array_agg(definer.may_replace), '{}') AS replaceable,
             coalesce(array_agg(definer.may_record OR NOT prosecdef), '{}') AS recording
      FROM function JOIN definer ON definer.oid = function.proowner) AS f
CROSS JOIN (
  SELECT coalesce(array_agg(c.relname::text) FILTER (WHERE i.indisvalid), '{}') AS valid_indexes,
         coalesce(array_agg(c.relname::text) FILTER (WHERE NOT i.indisvalid), '{}') AS invalid_indexes
  FROM own JOIN pg_catalog.pg_index AS i ON i.indrelid = own.oid JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  WHERE NOT own.relispartition) AS indexes
LEFT JOIN (own AS o JOIN pg_catalog.pg_roles AS owner ON owner.oid = o.relowner) ON o.name = 'audit_changes'
