//! Bodies made of fragments of known bodies.
//!
//! A mutation of a single character rarely leaves a body that is understood. In an input that does not begin with `!`, each upper
//! case letter and digit stands for a fragment, so that mutations add, remove and exchange whole statements.

/// The fragments that upper case letters stand for.
const FRAGMENTS: [&str; 26] = [
    "DECLARE v_txid bigint; v_tx_id uuid; v_row jsonb; v_data_after jsonb; v_table_pk jsonb; v_changed_fields text[];
       v_changed_from jsonb; BEGIN ",
    r#"v_txid := txid_current();
       INSERT INTO "audit"."audit_transactions" (id, txid, actor_ref, occurred_at) VALUES (gen_random_uuid(), v_txid,
         NULLIF(current_setting('threadline.actor_ref', true), '')::jsonb, clock_timestamp()) ON CONFLICT (txid) DO NOTHING;
       SELECT id INTO v_tx_id FROM "audit"."audit_transactions" WHERE txid = v_txid; "#,
    "IF TG_OP = 'DELETE' THEN ",
    "ELSIF TG_OP = 'INSERT' THEN ",
    "ELSE ",
    "END IF; ",
    "v_row := to_jsonb(NEW); ",
    "v_row := to_jsonb(OLD); ",
    "v_data_after := v_row; ",
    "v_data_after := to_jsonb(NEW); ",
    "v_table_pk := jsonb_build_object('id', v_row ->> 'id'); ",
    "FOR i IN 0 .. TG_NARGS - 1 LOOP ",
    "END LOOP; ",
    "EXIT; ",
    "v_data_after := v_data_after - 'pin'; ",
    "v_data_after := v_data_after || jsonb_build_object('email', to_jsonb('[X]'::text)); ",
    "v_changed_fields := NULL; v_changed_from := NULL; ",
    "v_data_after := NULL; ",
    "SELECT array_agg(n.key ORDER BY n.key) INTO v_changed_fields
       FROM jsonb_each(to_jsonb(NEW)) AS n JOIN jsonb_each(to_jsonb(OLD)) AS o ON n.key = o.key
       WHERE n.value IS DISTINCT FROM o.value AND NOT (n.key = ANY(ARRAY['pin']::text[])); ",
    "SELECT array_agg(n.key ORDER BY n.key) INTO v_changed_fields
       FROM jsonb_each(to_jsonb(NEW)) AS n JOIN jsonb_each(to_jsonb(OLD)) AS o ON n.key = o.key
       WHERE n.value IS DISTINCT FROM o.value; ",
    "IF v_changed_fields IS NULL THEN v_changed_from := NULL::jsonb; ",
    "SELECT jsonb_object_agg(u.k, CASE WHEN u.k = ANY(ARRAY['email']::text[]) THEN to_jsonb('[X]'::text)
       ELSE to_jsonb(OLD) -> u.k END) INTO v_changed_from FROM unnest(v_changed_fields) AS u(k); ",
    r#"INSERT INTO "audit"."audit_changes" (id, transaction_id, table_schema, table_name, op, table_pk, data_after,
         changed_fields, changed_from, captured_at)
       VALUES (gen_random_uuid(), v_tx_id, TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP), v_table_pk, v_data_after,
         v_changed_fields, v_changed_from, clock_timestamp()); "#,
    "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END;",
    "IF TG_NARGS = 0 THEN ",
    "IF (v_row ->> TG_ARGV[i]) IS NULL THEN v_table_pk := '{}'::jsonb; EXIT; END IF;
       v_table_pk := coalesce(v_table_pk, '{}'::jsonb) || jsonb_build_object(TG_ARGV[i], v_row ->> TG_ARGV[i]); ",
];

/// The fragments that digits stand for.
const MORE_FRAGMENTS: [&str; 10] = [
    "IF v_row ? 'id' THEN ",
    "\r",
    "\u{a0}",
    "-- ",
    "\n",
    "SELECT jsonb_object_agg(u.k, to_jsonb(OLD) -> u.k) INTO v_changed_from FROM unnest(v_changed_fields) AS u(k); ",
    "RETURN NEW; ",
    "v_changed_from := ",
    "v_table_pk := '{}'::jsonb; ",
    "v_table_pk := jsonb_build_object('id', (to_jsonb(NEW) ->> 'id')); ",
];

/// Returns the body of an input.
pub(super) fn body(input: &str) -> String {
    if let Some(body) = input.strip_prefix('!') {
        return body.to_owned();
    }
    let mut body = String::new();
    for character in input.chars() {
        let fragment = match character {
            'A'..='Z' => FRAGMENTS.get(usize::from(character as u8 - b'A')),
            '0'..='9' => MORE_FRAGMENTS.get(usize::from(character as u8 - b'0')),
            _ => None,
        };
        match fragment {
            Some(fragment) => body += fragment,
            None => body.push(character),
        }
    }
    body
}
