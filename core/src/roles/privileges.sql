-- Returns the privileges that roles have on the objects of the trail: role, type and name of the object, privilege, and
-- whether the role may grant it to others.
-- $1: the storage schema.
-- $2: the names of the roles.
-- Other objects in the schema are those of the host, and left out.
WITH role AS (
  SELECT oid, rolname::text AS name FROM pg_roles WHERE rolname = ANY ($2::text[])
), schema AS (
  SELECT oid, nspacl FROM pg_namespace WHERE nspname = $1
), relation AS (
  SELECT c.oid, quote_ident(c.relname) AS name, c.relacl, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS type
  FROM pg_class AS c
  WHERE c.relnamespace = (SELECT oid FROM schema) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND (c.relname IN ('audit_actions', 'audit_changes', 'audit_transactions') OR starts_with(c.relname::text, 'threadline_')
         OR EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS parent ON parent.oid = i.inhparent
                    WHERE i.inhrelid = c.oid AND parent.relnamespace = c.relnamespace
                      AND parent.relname IN ('audit_changes', 'audit_transactions')))
), held AS (
  SELECT acl.grantee, 'SCHEMA' AS type, '' AS name, acl.privilege_type AS privilege, acl.is_grantable
  FROM schema, aclexplode(nspacl) AS acl
  UNION
  SELECT acl.grantee, r.type, r.name, acl.privilege_type, acl.is_grantable
  FROM relation AS r, aclexplode(r.relacl) AS acl
  UNION
  SELECT acl.grantee, r.type, r.name, format('%s (%I)', acl.privilege_type, a.attname), acl.is_grantable
  FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid, aclexplode(a.attacl) AS acl
  UNION
  SELECT acl.grantee, 'FUNCTION', format('%I(%s)', p.proname, array_to_string(ARRAY(
           SELECT format_type(argument, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS list (argument, position)
           ORDER BY position), ', ')), acl.privilege_type, acl.is_grantable
  FROM pg_proc AS p, aclexplode(p.proacl) AS acl
  WHERE p.pronamespace = (SELECT oid FROM schema) AND starts_with(p.proname::text, 'threadline_')
)
SELECT role.name AS role, held.type AS object_type, held.name AS object, held.privilege, held.is_grantable
FROM held JOIN role ON role.oid = held.grantee
ORDER BY 1, 2, 3, 4
