-- The tables behind exports, retention, saved views and evidence.

CREATE TABLE __schema__.threadline_export_jobs (
  id uuid PRIMARY KEY DEFAULT __schema__.threadline_uuid_v7(clock_timestamp()),
  status text NOT NULL,
  query_params jsonb NOT NULL,
  actor_ref jsonb,
  file_path text,
  error_message text,
  started_at timestamptz,
  completed_at timestamptz,
  expires_at timestamptz,
  inserted_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE __schema__.threadline_retention_runs (
  id uuid PRIMARY KEY DEFAULT __schema__.threadline_uuid_v7(clock_timestamp()),
  status text NOT NULL,
  deleted_count integer,
  duration_ms integer,
  error_message text,
  started_at timestamptz,
  completed_at timestamptz,
  inserted_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE __schema__.threadline_saved_views (
  id uuid PRIMARY KEY DEFAULT __schema__.threadline_uuid_v7(clock_timestamp()),
  name text NOT NULL,
  actor_ref jsonb NOT NULL,
  filters jsonb NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE __schema__.threadline_evidence_records (
  id uuid PRIMARY KEY DEFAULT __schema__.threadline_uuid_v7(clock_timestamp()),
  subject text NOT NULL,
  subject_ref jsonb NOT NULL,
  summary_status text NOT NULL,
  recorded_at timestamptz NOT NULL,
  actor_ref jsonb,
  provenance jsonb NOT NULL DEFAULT '{}',
  detail jsonb NOT NULL DEFAULT '{}',
  schema_version integer NOT NULL DEFAULT 1,
  inserted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX threadline_evidence_records_subject_idx ON __schema__.threadline_evidence_records (subject);
CREATE INDEX threadline_evidence_records_recorded_at_idx ON __schema__.threadline_evidence_records (recorded_at);
CREATE INDEX threadline_evidence_records_subject_ref_idx ON __schema__.threadline_evidence_records USING gin (subject_ref);

REVOKE ALL ON
  __schema__.threadline_export_jobs,
  __schema__.threadline_retention_runs,
  __schema__.threadline_saved_views,
  __schema__.threadline_evidence_records
FROM PUBLIC;
