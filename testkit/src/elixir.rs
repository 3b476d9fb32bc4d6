//! Generates capture functions like those of the Elixir library. They run the same statements as the functions that its generator
//! creates.

/// The capture policy of a table in the Elixir library.
#[derive(Debug, Clone, Copy, Default)]
pub struct ElixirCapture<'a> {
    /// The schema of the library's tables. Its functions name the schema since version 0.10.
    pub schema: Option<&'a str>,
    /// True if the arguments of the triggers name the key columns, as they do since version 0.11 of the library.
    pub has_key_arguments: bool,
    /// The excluded columns.
    pub exclude: &'a [&'a str],
    /// The masked columns.
    pub mask: &'a [&'a str],
    /// The text that replaces the values of masked columns.
    pub placeholder: &'a str,
    /// True if updates record the old values of changed fields.
    pub has_old_values: bool,
}

impl ElixirCapture<'_> {
    /// Returns the body of the capture function.
    pub fn body(&self) -> String {
        let [changes, transactions] = ["audit_changes", "audit_transactions"].map(|table| self.table(table));
        let [key_of_new, key_of_old] = ["NEW", "OLD"].map(|row| self.key(row));
        let (row, redact, excluded) = (self.row(), self.redact(), array(self.exclude));
        let old_values = self.old_values();
        format!(
            "DECLARE v_txid bigint; v_tx_id uuid; v_row jsonb; v_data_after jsonb; v_table_pk jsonb;
               v_changed_fields text[]; v_changed_from jsonb;
             BEGIN
               v_txid := txid_current(); -- the number of the transaction
               INSERT INTO {transactions} (id, txid, actor_ref, occurred_at)
                 VALUES (gen_random_uuid(), v_txid, NULLIF(current_setting('threadline.actor_ref', true), '')::jsonb, clock_timestamp())
                 ON CONFLICT (txid) DO NOTHING;
               SELECT id INTO v_tx_id FROM {transactions} WHERE txid = v_txid;
               IF TG_OP = 'DELETE' THEN
                 {key_of_old}
                 v_data_after := NULL; v_changed_fields := NULL; v_changed_from := NULL;
               ELSIF TG_OP = 'INSERT' THEN
                 {key_of_new}
                 v_data_after := {row};
                 {redact}
                 v_changed_fields := NULL; v_changed_from := NULL;
               ELSE
                 {key_of_new}
                 v_data_after := {row};
                 {redact}
                 SELECT array_agg(n.key ORDER BY n.key) INTO v_changed_fields
                   FROM jsonb_each(to_jsonb(NEW)) AS n JOIN jsonb_each(to_jsonb(OLD)) AS o ON n.key = o.key
                   WHERE n.value IS DISTINCT FROM o.value AND NOT (n.key = ANY({excluded}));
                 {old_values}
               END IF;
               INSERT INTO {changes}
                 (id, transaction_id, table_schema, table_name, op, table_pk, data_after, changed_fields, changed_from, captured_at)
               VALUES (gen_random_uuid(), v_tx_id, TG_TABLE_SCHEMA, TG_TABLE_NAME, lower(TG_OP), v_table_pk, v_data_after,
                       v_changed_fields, v_changed_from, clock_timestamp());
               IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
               RETURN NEW;
             END;"
        )
    }

    /// Returns the name of a table of the trail, with the schema if the function names it.
    fn table(&self, name: &str) -> String {
        self.schema.map_or_else(|| name.to_owned(), |schema| format!("\"{schema}\".\"{name}\""))
    }

    /// Returns the expression of the row after the change.
    fn row(&self) -> &'static str {
        if self.has_key_arguments { "v_row" } else { "to_jsonb(NEW)" }
    }

    /// Returns the statements that compute the row key from `NEW` or `OLD`.
    fn key(&self, row: &str) -> String {
        if !self.has_key_arguments {
            return format!("v_table_pk := jsonb_build_object('id', (to_jsonb({row}) ->> 'id'));");
        }
        format!(
            "v_row := to_jsonb({row});
             IF TG_NARGS = 0 THEN
               IF v_row ? 'id' THEN v_table_pk := jsonb_build_object('id', v_row ->> 'id');
               ELSE v_table_pk := '{{}}'::jsonb; END IF;
             ELSE
               v_table_pk := '{{}}'::jsonb;
               FOR i IN 0 .. TG_NARGS - 1 LOOP
                 IF (v_row ->> TG_ARGV[i]) IS NULL THEN v_table_pk := '{{}}'::jsonb; EXIT; END IF;
                 v_table_pk := coalesce(v_table_pk, '{{}}'::jsonb) || jsonb_build_object(TG_ARGV[i], v_row ->> TG_ARGV[i]);
               END LOOP;
             END IF;
             v_table_pk := coalesce(v_table_pk, '{{}}'::jsonb);"
        )
    }

    fn placeholder(&self) -> String {
        format!("to_jsonb({}::text)", literal(self.placeholder))
    }

    /// Returns the statements that redact the row after the change.
    fn redact(&self) -> String {
        let remove = |column: &&str| format!("v_data_after := v_data_after - {};\n", literal(column));
        let mut sql: String = self.exclude.iter().map(remove).collect();
        let pairs: Vec<String> =
            self.mask.iter().map(|column| format!("{}, {}", literal(column), self.placeholder())).collect();
        if !pairs.is_empty() {
            sql += &format!("v_data_after := v_data_after || jsonb_build_object({});", pairs.join(", "));
        }
        sql
    }

    /// Returns the statements that compute the old values of the changed fields.
    fn old_values(&self) -> String {
        if !self.has_old_values {
            return "v_changed_from := NULL::jsonb;".to_owned();
        }
        let value = if self.exclude.is_empty() && self.mask.is_empty() {
            "to_jsonb(OLD) -> u.k".to_owned()
        } else {
            format!(
                "CASE WHEN u.k = ANY({}) THEN {} ELSE to_jsonb(OLD) -> u.k END",
                array(self.mask),
                self.placeholder()
            )
        };
        format!(
            "IF v_changed_fields IS NULL THEN v_changed_from := NULL::jsonb;
             ELSE SELECT jsonb_object_agg(u.k, {value}) INTO v_changed_from FROM unnest(v_changed_fields) AS u(k); END IF;"
        )
    }
}

/// Returns a text as an SQL string literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns column names as an SQL array.
fn array(columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| literal(column)).collect();
    format!("ARRAY[{}]::text[]", columns.join(", "))
}
