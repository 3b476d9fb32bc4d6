-- What the checks of coverage found wrong, and from when to when: the dashboard shows it after it was fixed as well.

CREATE TABLE __schema__.threadline_coverage_gaps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  code text NOT NULL,              -- 'uncovered', 'drift_detected', or the code of a finding
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  ended_at timestamptz             -- the first check that no longer found it
);
CREATE UNIQUE INDEX threadline_coverage_gaps_open_idx ON __schema__.threadline_coverage_gaps (table_schema, table_name, code)
  WHERE ended_at IS NULL;
CREATE INDEX threadline_coverage_gaps_last_seen_idx ON __schema__.threadline_coverage_gaps (last_seen);

REVOKE ALL ON __schema__.threadline_coverage_gaps FROM PUBLIC;
