-- How values become JSON where to_jsonb() would fail, lose something, or run code that the owner of a type has made.

-- Returns the replacement of a value that is too large: its size and its SHA-256, of the bytes of a bytea and of the UTF-8 text
-- of any other value.
CREATE FUNCTION __schema__.threadline_large_value(content bytea) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_build_object('too_large', jsonb_build_object('bytes', octet_length(content),
                                                          'sha256', encode(sha256(content), 'hex')));

-- Converts a text that may be too large for jsonb.
CREATE FUNCTION __schema__.threadline_text_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(value) > most_bytes THEN __schema__.threadline_large_value(convert_to(value, 'UTF8'))
            ELSE to_jsonb(value) END;

-- Converts the text of an array to a JSON array of the texts of its elements. No cast of the element type is called, because the
-- owner of the type may have made it.
CREATE FUNCTION __schema__.threadline_array_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET array_nulls = on
AS $$
BEGIN
  IF octet_length(value) <= most_bytes THEN
    RETURN to_jsonb(value::text[]);
  END IF;
  RETURN __schema__.threadline_text_value(value, most_bytes);
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN __schema__.threadline_text_value(value, most_bytes);
END
$$;

-- Converts a value of type json, which allows texts that jsonb does not. A NUL character (backslash u0000) and half a surrogate
-- pair become U+FFFD, the replacement character; a value that jsonb cannot hold for another reason, such as a number beyond its
-- range, becomes a text.
CREATE FUNCTION __schema__.threadline_json_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  replaced text;
BEGIN
  IF octet_length(value) > most_bytes THEN
    RETURN __schema__.threadline_text_value(value, most_bytes);
  END IF;
  BEGIN
    RETURN value::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
    replaced := regexp_replace(value, E'(?<!\\\\)((\\\\\\\\)*)\\\\u0000', E'\\1\\\\ufffd', 'g');
    replaced := regexp_replace(replaced,
      E'(?<!\\\\)((\\\\\\\\)*)\\\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\\\u[dD][c-fC-F])', E'\\1\\\\ufffd', 'g');
    replaced := regexp_replace(replaced,
      E'(?<!\\\\)(?<!\\\\u[dD][89abAB][0-9a-fA-F]{2})((\\\\\\\\)*)\\\\u[dD][c-fC-F][0-9a-fA-F]{2}', E'\\1\\\\ufffd', 'g');
  END;
  BEGIN
    RETURN replaced::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded OR feature_not_supported THEN
    RETURN __schema__.threadline_text_value(value, most_bytes);
  END;
END
$$;

-- Converts an array of json values.
CREATE FUNCTION __schema__.threadline_json_array_value(value text, most_bytes integer) RETURNS jsonb
LANGUAGE sql STABLE
SET array_nulls = on
RETURN CASE WHEN value IS NULL THEN NULL WHEN octet_length(value) > most_bytes OR array_ndims(value::text[]) > 1
                 THEN __schema__.threadline_array_value(value, most_bytes)
            ELSE coalesce((SELECT jsonb_agg(__schema__.threadline_json_value(element, most_bytes) ORDER BY position)
                           FROM unnest(value::text[]) WITH ORDINALITY AS list (element, position)), '[]') END;

-- Converts a value of more than a megabyte of another type without a maximum size, such as jsonb or an array.
CREATE FUNCTION __schema__.threadline_wide_value(value anyelement, most_bytes integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  IF octet_length(concat(value)) <= most_bytes THEN
    RETURN to_jsonb(value);
  END IF;
  RETURN __schema__.threadline_large_value(convert_to(concat(value), 'UTF8'));
EXCEPTION WHEN program_limit_exceeded OR data_exception OR internal_error THEN
  RETURN jsonb_build_object('too_large', jsonb_build_object('bytes', pg_column_size(value)));
END
$$;

-- Returns the same replacement for the text of a value. The text of a bytea is recognised by its prefix.
CREATE FUNCTION __schema__.threadline_large_text(value text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
  IF starts_with(value, E'\\x') THEN
    RETURN __schema__.threadline_large_value(decode(substr(value, 3), 'hex'));
  END IF;
  RETURN __schema__.threadline_large_value(convert_to(value, 'UTF8'));
EXCEPTION WHEN data_exception THEN
  RETURN __schema__.threadline_large_value(convert_to(value, 'UTF8'));
END
$$;

-- Returns the image of a row that takes more than a megabyte, compressed, and may be too large for jsonb. In that case it
-- replaces the largest values.
CREATE FUNCTION __schema__.threadline_large_image(changed_row record) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  most_bytes integer := 100000000;
BEGIN
  BEGIN
    RETURN to_jsonb(changed_row);
  EXCEPTION WHEN program_limit_exceeded THEN
    NULL;
  END;
  LOOP
    BEGIN
      RETURN (
        SELECT jsonb_object_agg(field.key, CASE
                 WHEN octet_length(text_value) > most_bytes THEN __schema__.threadline_large_text(text_value)
                 ELSE field.value::jsonb END)
        FROM json_each(row_to_json(changed_row)) AS field
        CROSS JOIN LATERAL (SELECT field.value #>> '{}' AS text_value OFFSET 0) AS text
      );
    EXCEPTION WHEN program_limit_exceeded THEN
      IF most_bytes < 1000 THEN
        RAISE;
      END IF;
      most_bytes := most_bytes / 10;
    END;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION
  __schema__.threadline_large_value(bytea),
  __schema__.threadline_text_value(text, integer),
  __schema__.threadline_array_value(text, integer),
  __schema__.threadline_json_array_value(text, integer),
  __schema__.threadline_json_value(text, integer),
  __schema__.threadline_wide_value(anyelement, integer),
  __schema__.threadline_large_text(text),
  __schema__.threadline_large_image(record)
FROM PUBLIC;
