//! The condition that a change has a value, as SQL on changes called `c`.

use super::where_clause::WhereClause;
use crate::Scope;
use crate::query::model::filter::ValueFilter;

impl WhereClause<'_> {
    /// Pushes that a change that the scope shows has the value. Under a limited scope, `CASE` makes PostgreSQL evaluate the scope first,
    /// so that the work for a hidden change does not depend on its values.
    pub(super) fn push_visible_value(&mut self, scope: &Scope, field: Option<&str>, value: &ValueFilter) {
        match scope.condition() {
            None => {
                self.sql.push(" AND ");
                self.push_value(field, value);
            }
            Some(condition) => {
                self.sql.push(" AND CASE WHEN ");
                self.push_scope(condition);
                self.sql.push(" THEN ");
                self.push_value(field, value);
                self.sql.push(" ELSE false END");
            }
        }
    }

    /// Pushes that the image of the row before or after the change has the value, in this field or in any.
    fn push_value(&mut self, field: Option<&str>, value: &ValueFilter) {
        let before = if self.features.has_changed_from { "c.changed_from" } else { "NULL::jsonb" };
        for (start, image, end) in [("(", "c.data_after", " OR "), ("", before, ")")] {
            self.sql.push(start);
            if let Some(field) = field {
                let text = format!("({image} ->> ");
                self.sql.push(text).push_bind(field.to_owned()).push(")");
                self.push_comparison(value);
            } else {
                // The text of the whole image is searched in half of the time that its values take one by one.
                self.push_json_may_contain(image, value);
                self.sql.push(format!(
                    " THEN EXISTS (SELECT FROM jsonb_each_text({image}) AS recorded (name, value) WHERE recorded.value"
                ));
                self.push_comparison(value);
                self.sql.push(") ELSE false END");
            }
            self.sql.push(end);
        }
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
