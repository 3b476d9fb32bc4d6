ALTER TABLE tickets ADD COLUMN details jsonb NOT NULL DEFAULT '{}';
