SHOW server_version;
SHOW is_superuser;
SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24MISS"Z"');
SELECT name || '|' || current_setting(name)
FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
   OR (setting IS DISTINCT FROM boot_val
       AND source NOT IN ('default', 'override', 'client', 'session')
       AND category !~ '^(Client Connection Defaults / (Locale|Other)|Connections|File|Preset|Reporting)')
ORDER BY name;
