//! The condition that a change has a value, as SQL on changes called `c`.

use super::where_clause::WhereClause;
use crate::Scope;
use crate::query::model::filter::{Selection, ValueFilter};

impl WhereClause<'_> {
    /// Pushes that a change that the scope shows has the value. Under a limited scope, `CASE` makes PostgreSQL evaluate the scope first,
    /// so that the work for a hidden change does not depend on its values.
    pub(super) fn push_visible_value(
        &mut self,
        scope: &Scope,
        fields: Option<&Selection<String>>,
        value: &ValueFilter,
    ) {
        match scope.condition() {
            None => {
                self.sql.push(" AND ");
                self.push_value(fields, value);
            }
            Some(condition) => {
                self.sql.push(" AND CASE WHEN ");
                self.push_scope(condition);
                self.sql.push(" THEN ");
                self.push_value(fields, value);
                self.sql.push(" ELSE false END");
            }
        }
    }

    /// Pushes that the image of the row before or after the change has the value, in one of these fields, or in any that is not excluded.
    fn push_value(&mut self, fields: Option<&Selection<String>>, value: &ValueFilter) {
        let Some(fields) = fields.filter(|fields| !fields.included().is_empty()) else {
            self.push_value_of_any(fields.map_or(&[], Selection::excluded), value);
            return;
        };
        if let Some(field) = fields.only() {
            self.push_value_of(field, value);
            return;
        }
        for (index, field) in fields.included().iter().enumerate() {
            self.sql.push(if index == 0 { "(" } else { " OR " });
            self.push_set_or_changed(field);
            self.sql.push(" AND ");
            self.push_value_of(field, value);
        }
        self.sql.push(")");
    }

    /// Pushes that the change set the field, or took it away: a created or deleted row has all of its fields.
    pub(super) fn push_set_or_changed(&mut self, field: &str) {
        self.sql
            .push("(c.op <> 'update' OR c.changed_fields @> ARRAY[")
            .push_bind(field.to_owned())
            .push("])");
    }

    fn push_value_of(&mut self, field: &str, value: &ValueFilter) {
        for (start, image, end) in self.images() {
            self.sql.push(format!("{start}({image} ->> ")).push_bind(field.to_owned()).push(")");
            self.push_comparison(value);
            self.sql.push(end);
        }
    }

    /// Pushes that a field has the value, which is none of these.
    fn push_value_of_any(&mut self, excluded: &[String], value: &ValueFilter) {
        for (start, image, end) in self.images() {
            self.sql.push(start);
            // The text of the whole image is searched in half of the time that its values take one by one.
            self.push_json_may_contain(image, value);
            self.sql.push(format!(
                " THEN EXISTS (SELECT FROM jsonb_each_text({image}) AS recorded (name, value) WHERE recorded.value"
            ));
            self.push_comparison(value);
            if !excluded.is_empty() {
                self.sql.push(" AND recorded.name <> ALL (").push_bind(excluded.to_vec()).push(")");
            }
            self.sql.push(") ELSE false END").push(end);
        }
    }

    /// Returns the columns of the images after and before the change, with what is pushed around each.
    const fn images(&self) -> [(&'static str, &'static str, &'static str); 2] {
        let before = if self.features.has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
        [("(", "c.data_after", " OR "), ("", before, ")")]
    }

    /// Pushes the comparison of the text before it with the value.
    fn push_comparison(&mut self, value: &ValueFilter) {
        if value.is_whole() {
            self.sql.push(" = ").push_bind(value.text().to_owned());
        } else {
            self.sql.push(" ILIKE ").push_bind(ValueFilter::pattern(value.text()));
        }
    }

    /// Pushes the beginning of a `CASE` whose condition holds for every image that has the value.
    fn push_json_may_contain(&mut self, image: &str, value: &ValueFilter) {
        let part = value.part_in_json();
        if value.is_whole() {
            self.sql
                .push(format!("CASE WHEN strpos({image}::text, "))
                .push_bind(part.to_owned())
                .push(") > 0");
        } else {
            self.sql.push(format!("CASE WHEN {image}::text ILIKE ")).push_bind(ValueFilter::pattern(part));
        }
    }
}
