-- What the checks of coverage found wrong, and from when to when: the dashboard shows it after it was mended.

CREATE TABLE __schema__.threadline_coverage_gaps (
  table_schema text NOT NULL,
  table_name text NOT NULL,
  -- 'uncovered', 'drift_detected', or the code of a finding.
  code text NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  -- The first check that no longer found it.
  ended_at timestamptz
);
CREATE UNIQUE INDEX threadline_coverage_gaps_open_idx ON __schema__.threadline_coverage_gaps (table_schema, table_name, code)
  WHERE ended_at IS NULL;
CREATE INDEX threadline_coverage_gaps_last_seen_idx ON __schema__.threadline_coverage_gaps (last_seen);

REVOKE ALL ON __schema__.threadline_coverage_gaps FROM PUBLIC;
