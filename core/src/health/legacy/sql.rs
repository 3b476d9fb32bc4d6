//! The `INSERT` and `SELECT` statements of a body.

use std::collections::HashMap;

use super::expressions::{Expression, is};
use super::state::{OldValues, State, Value};
use super::tokens::Token;

/// The values of an `INSERT`, by column.
struct Values<'a>(HashMap<&'a str, &'a [Token]>);

impl<'a> Values<'a> {
    /// Reads `(column, …) VALUES (value, …)`.
    fn read(rest: &mut Expression<'a>) -> Option<Self> {
        let columns = rest.list()?;
        rest.expect("values")?;
        let values = rest.list()?;
        if columns.len() != values.len() {
            return None;
        }
        let mut by_column = HashMap::new();
        for (column, value) in columns.into_iter().zip(values) {
            let [Token::Word(column)] = column else { return None };
            if by_column.insert(column.as_str(), value).is_some() {
                return None;
            }
        }
        Some(Self(by_column))
    }

    fn take(&mut self, column: &str) -> Option<&'a [Token]> {
        self.0.remove(column)
    }

    /// Removes these columns, each of which must have exactly this value.
    fn take_known(&mut self, known: &[(&str, &str)]) -> Option<()> {
        known
            .iter()
            .all(|(column, text)| self.take(column).is_some_and(|value| is(value, text)))
            .then_some(())
    }

    /// Removes these columns, each of which must have exactly this value or none.
    fn take_optional(&mut self, known: &[(&str, &str)]) -> Option<()> {
        known.iter().all(|(column, text)| self.take(column).is_none_or(|value| is(value, text))).then_some(())
    }
}

impl State<'_> {
    /// Returns whether a table is this one of the trail. Before version 0.10 the library named no schema, and its tables were in public.
    fn is_own(&self, (schema, table): (Option<&str>, &str), name: &str) -> bool {
        table == name && schema.unwrap_or("public") == self.storage.name()
    }

    pub(super) fn insert(&mut self, mut rest: Expression<'_>) -> Option<()> {
        rest.expect("into")?;
        let table = rest.table()?;
        let mut values = Values::read(&mut rest)?;
        values.take_optional(&[("id", "gen_random_uuid()")])?;
        if self.is_own(table, "audit_transactions") {
            rest.expect("on conflict (txid) do nothing")?;
            values.take_known(&[("txid", "v_txid"), ("occurred_at", "clock_timestamp()")])?;
            let actor = "nullif(current_setting('threadline.actor_ref', true), '')::jsonb";
            values.take_optional(&[("actor_ref", actor)])?;
            self.has_transaction = self.variables.get("v_txid") == Some(&Value::Number);
        } else {
            let is_first_change = self.is_own(table, "audit_changes") && self.recorded.is_none();
            is_first_change.then_some(())?;
            self.record(&mut values)?;
        }
        rest.end()?;
        values.0.is_empty().then_some(())
    }

    fn record(&mut self, values: &mut Values<'_>) -> Option<()> {
        values.take_known(&[
            ("transaction_id", "v_tx_id"),
            ("table_schema", "tg_table_schema"),
            ("table_name", "tg_table_name"),
            ("table_pk", "v_table_pk"),
            ("op", "lower(tg_op)"),
            ("captured_at", "clock_timestamp()"),
        ])?;
        let holds = |variable: &str, value| self.variables.get(variable) == Some(&value);
        if !holds("v_tx_id", Value::Transaction) || !holds("v_table_pk", Value::Key) {
            return None;
        }
        let row = self.value(values.take("data_after")?)?;
        let names = self.value(values.take("changed_fields")?)?;
        // Before version 0.2 the library kept no old values.
        let old_values = match values.take("changed_from") {
            Some(value) => self.value(value)?,
            None => Value::Null,
        };
        self.recorded = Some([row, names, old_values]);
        Some(())
    }

    pub(super) fn select(&mut self, mut rest: Expression<'_>) -> Option<()> {
        let (variable, value) = if rest.accept("id into v_tx_id from") {
            let table = rest.table()?;
            rest.expect("where txid = v_txid")?;
            let is_known = self.is_own(table, "audit_transactions") && self.has_transaction;
            is_known.then_some(())?;
            ("v_tx_id", Value::Transaction)
        } else if rest.accept("array_agg(") {
            ("v_changed_fields", self.names(&mut rest)?)
        } else {
            ("v_changed_from", self.old_values(&mut rest)?)
        };
        rest.end()?;
        self.variables.insert(variable.to_owned(), value);
        Some(())
    }

    /// Reads the names of the columns whose values differ, sorted.
    fn names(&self, rest: &mut Expression<'_>) -> Option<Value> {
        (self.operation == "UPDATE").then_some(())?;
        rest.expect("n.key order by n.key) into v_changed_fields")?;
        rest.expect(
            "from jsonb_each(to_jsonb(new)) as n join jsonb_each(to_jsonb(old)) as o on n.key = o.key",
        )?;
        rest.expect("where n.value is distinct from o.value")?;
        if !rest.accept("and not (n.key = any(") {
            return Some(Value::Names(Vec::new()));
        }
        let unnamed = rest.names()?;
        rest.expect("))")?;
        Some(Value::Names(unnamed))
    }

    /// Reads the old values of the named columns, masked or not.
    fn old_values(&self, rest: &mut Expression<'_>) -> Option<Value> {
        let Some(Value::Names(unnamed)) = self.variables.get("v_changed_fields") else { return None };
        rest.expect("jsonb_object_agg(u.k,")?;
        let (mask, placeholder) = if rest.accept("case when u.k = any(") {
            let mask = rest.names()?;
            rest.expect(") then")?;
            let placeholder = rest.placeholder()?.to_owned();
            rest.expect("else to_jsonb(old) -> u.k end")?;
            (mask, Some(placeholder))
        } else {
            rest.expect("to_jsonb(old) -> u.k")?;
            (Vec::new(), None)
        };
        rest.expect(") into v_changed_from from unnest(v_changed_fields) as u(k)")?;
        Some(Value::OldValues(OldValues { unnamed: unnamed.clone(), mask, placeholder }))
    }
}
