//! Reads bodies in the forms that the Elixir library generates, and edited ones.

use threadline_testkit::elixir::ElixirCapture;

use super::redaction;
use crate::StorageSchema;
use crate::health::drift::Redaction;

const REDACTED: ElixirCapture<'_> = ElixirCapture {
    schema: Some("audit"),
    has_key_arguments: true,
    exclude: &["pass'word", "pin"],
    mask: &["email", "phone"],
    placeholder: "[X; ']",
    has_old_values: true,
};

fn read(body: &str) -> Option<Redaction> {
    redaction(body, &StorageSchema::new("audit").unwrap())
}

#[test]
fn every_generated_form_returns_its_redaction() {
    for has_key_arguments in [false, true] {
        for has_old_values in [false, true] {
            let redacted = ElixirCapture { has_key_arguments, has_old_values, ..REDACTED };
            let found = read(&redacted.body()).unwrap();
            assert_eq!(
                (found.exclude.as_slice(), found.mask.as_slice()),
                (
                    &["pass'word".to_owned(), "pin".to_owned()][..],
                    &["email".to_owned(), "phone".to_owned()][..]
                )
            );
            assert_eq!(found.mask_placeholder, "[X; ']");
            let plain = ElixirCapture { exclude: &[], mask: &[], ..redacted };
            assert_eq!(read(&plain.body()), Some(Redaction::none()));
            let excluding = ElixirCapture { mask: &[], ..redacted };
            assert_eq!(read(&excluding.body()).unwrap().mask, Vec::<String>::new());
            // Before version 0.10 the library named no schema.
            let unqualified = ElixirCapture { schema: None, ..redacted }.body();
            assert!(redaction(&unqualified, &StorageSchema::new("public").unwrap()).is_some());
            assert_eq!(read(&unqualified), None);
        }
    }
}

#[test]
fn layout_comments_and_letter_case_are_ignored() {
    let body = REDACTED.body();
    let other = body.replace('\n', "\n  -- v_data_after := to_jsonb(NEW);\n\t").replace("TG_OP", "tg_op");
    assert_eq!(read(&other), read(&body));
}

/// Each of these edits records something in clear, or leaves something out.
#[test]
fn edited_body_is_unknown() {
    let redact = "v_data_after := v_data_after - 'pin';";
    let mask = "v_data_after := v_data_after || jsonb_build_object";
    let record = "INSERT INTO \"audit\".\"audit_changes\"";
    for (generated, edited) in [
        // An unknown statement, anywhere.
        (
            "v_txid := txid_current();",
            "v_txid := txid_current(); PERFORM pg_notify('leak', to_jsonb(NEW)::text);",
        ),
        ("v_txid := txid_current();", "v_txid := txid_current(); INSERT INTO leak VALUES (to_jsonb(NEW));"),
        (redact, "v_data_after := v_data_after - 'pin'; v_data_after := to_jsonb(OLD);"),
        (
            redact,
            "v_data_after := v_data_after - 'pin'; v_data_after := v_data_after || jsonb_build_object('p', NEW.pin);",
        ),
        (
            redact,
            "v_data_after := v_data_after - 'pin'; v_data_after:=jsonb_build_object('p', to_jsonb(NEW.pin::text));",
        ),
        (redact, "v_data_after := v_data_after - 'pin'; SELECT to_jsonb(NEW) INTO v_data_after;"),
        (
            redact,
            "-- v_data_after := v_data_after - 'pin';\n IF false THEN v_data_after := v_data_after - 'pin'; END IF;",
        ),
        (
            mask,
            "IF NEW.email IS NULL THEN RETURN NEW; END IF; v_data_after := v_data_after || jsonb_build_object",
        ),
        // Another value is recorded than the prepared one.
        ("v_table_pk, v_data_after,", "v_table_pk, to_jsonb(NEW),"),
        ("v_table_pk, v_data_after,", "v_table_pk, v_row,"),
        ("lower(TG_OP), v_table_pk,", "lower(TG_OP), v_row,"),
        ("v_changed_fields, v_changed_from, clock", "v_changed_fields, to_jsonb(OLD), clock"),
        ("lower(TG_OP)", "'insert'"),
        ("table_name, op", "table_name, op, extra"),
        ("array_agg(n.key ORDER BY n.key)", "array_agg(n.value::text ORDER BY n.key)"),
        (
            "AND NOT (n.key = ANY(ARRAY['pass''word', 'pin']::text[]))",
            "AND NOT (n.key = ANY(ARRAY['pin']::text[]))",
        ),
        ("u.k = ANY(ARRAY['email', 'phone']::text[])", "u.k = ANY(ARRAY['email']::text[])"),
        ("ELSE to_jsonb(OLD) -> u.k END", "ELSE to_jsonb(OLD) END"),
        ("v_table_pk := '{}'::jsonb; EXIT;", "v_table_pk := v_row; EXIT;"),
        ("jsonb_build_object('id', v_row ->> 'id')", "jsonb_build_object('id', v_row ->> 'pin')"),
        // Nothing is recorded, or in another table.
        (record, "RETURN NEW; INSERT INTO \"audit\".\"audit_changes\""),
        (record, "IF false THEN RETURN NEW; END IF; INSERT INTO \"audit\".\"audit_changes\""),
        (record, "IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF; INSERT INTO \"audit\".\"audit_changes\""),
        (record, "INSERT INTO \"elsewhere\".\"audit_changes\""),
        (record, "INSERT INTO audit_changes"),
        ("v_changed_from, clock_timestamp());", "v_changed_from, clock_timestamp()) ON CONFLICT DO NOTHING;"),
        ("ON CONFLICT (txid) DO NOTHING", "ON CONFLICT (txid) DO UPDATE SET actor_ref = NULL"),
        (
            "RETURN NEW;\n             END;",
            "RETURN NEW;\n             EXCEPTION WHEN others THEN RETURN NEW; END;",
        ),
        ("RETURN NEW;\n             END;", "END;"),
        // White space that PostgreSQL does not know is a part of a name.
        (redact, "v_data_after\u{a0}:= v_data_after - 'pin';"),
        (redact, "v_data_after := v_data_after - 'pin';\u{b}"),
        // The loop may end before the row is redacted again.
        (
            redact,
            "v_data_after := v_data_after - 'pin';
             FOR i IN 0 .. TG_NARGS - 1 LOOP
               v_data_after := v_row; EXIT;
               v_data_after := v_data_after - 'pass''word'; v_data_after := v_data_after - 'pin';
             END LOOP;",
        ),
        (redact, "v_data_after := v_data_after - 'pin'; EXIT;"),
        // A name means something else.
        ("DECLARE v_txid bigint;", "DECLARE to_jsonb jsonb; v_txid bigint;"),
        ("v_data_after jsonb;", "v_data_after jsonb := '{}';"),
        ("- 'pin';", "- E'pin';"),
        ("- 'pin';", "- \"pin\";"),
        ("v_data_after := NULL;", "v_data_after := \"null\";"),
    ] {
        let body = REDACTED.body();
        assert!(body.contains(generated), "{generated}");
        assert!(read(&body).is_some());
        assert_eq!(read(&body.replace(generated, edited)), None, "{edited}");
    }
    for body in ["", "BEGIN RETURN NULL; END", "BEGIN RETURN NEW; END;"] {
        assert_eq!(read(body), None, "{body}");
    }
}

/// The old values are those of the names at that time, so later names without the excluded columns do not redact them.
#[test]
fn old_values_of_excluded_columns_are_unknown() {
    let body = REDACTED.body();
    let (_, names) = body.split_once("SELECT array_agg").unwrap();
    let (names, _) = names.split_once(';').unwrap();
    let names = format!("SELECT array_agg{names};");
    let old_values = body.split_once(&names).unwrap().1.split_once("END IF;").unwrap().0;
    let old_values = format!("{old_values}END IF;");
    let all_names = names.replace("AND NOT (n.key = ANY(ARRAY['pass''word', 'pin']::text[]))", "");
    let (named_twice, named_late) =
        (format!("{names}{old_values}{names}"), format!("{all_names}{old_values}{names}"));
    let edited = |statements: &str| body.replace(&format!("{names}{old_values}"), statements);
    assert_eq!(read(&edited(&named_twice)), read(&body));
    assert_ne!(edited(&named_late), body);
    assert_eq!(read(&edited(&named_late)), None);
}

#[test]
fn understood_edit_returns_its_actual_redaction() {
    let redact = "v_data_after := v_data_after - 'pin';";
    for (edited, exclude) in [
        ("", &["pass'word"][..]),
        ("IF TG_OP = 'DELETE' THEN v_data_after := v_data_after - 'pin'; END IF;", &["pass'word"]),
        ("v_data_after := v_data_after - 'pin'; v_data_after := v_row;", &[]),
        // A comment ends at a carriage return.
        ("v_data_after := v_data_after - 'pin'; -- \r v_data_after := v_row;\n", &[]),
    ] {
        assert_eq!(read(&REDACTED.body().replace(redact, edited)).unwrap().exclude, exclude, "{edited}");
    }
}

#[test]
fn different_redaction_of_insert_and_update_is_unknown() {
    let body = REDACTED.body();
    let redact = "v_data_after := v_data_after - 'pin';";
    let (first, rest) = body.split_once(redact).unwrap();
    assert_eq!(read(&format!("{first}{rest}")), None);
    let (before, last) = body.rsplit_once(redact).unwrap();
    assert_eq!(read(&format!("{before}{last}")), None);
}
