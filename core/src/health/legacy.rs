//! What the capture functions of the reference system say in their bodies: they carry no policy.
//!
//! Only the exact form that its generator writes is read, one statement to a line. Whatever else assigns to the row's image
//! makes the body unreadable, because then nobody can say what is recorded.

use super::drift::Redaction;
use crate::capture::DEFAULT_PLACEHOLDER;

/// The redaction that the body applies, the same to inserts and updates; `None` where that is not certain.
pub(super) fn redaction(body: &str) -> Option<Redaction> {
    let mut branches: Vec<Redaction> = Vec::new();
    let mut old_values = None;
    for line in body.lines().map(str::trim) {
        if let Some(statement) = line.strip_prefix("v_data_after") {
            let statement = statement.trim_start();
            if statement == "jsonb;" {
                continue;
            }
            match statement.strip_prefix(":=")?.trim().strip_suffix(';')? {
                "NULL" => {}
                "to_jsonb(NEW)" => branches.push(Redaction::none()),
                step => apply(step.strip_prefix("v_data_after ")?, branches.last_mut()?)?,
            }
        } else if let Some(masked) = line.strip_prefix("WHEN u.k = ANY(ARRAY[") {
            old_values = Some(names(masked)?);
        } else if line.contains("v_data_after :=") || line.contains("v_data_after:=") {
            return None;
        }
    }
    let records = body.contains("audit_changes") && body.contains("lower(TG_OP), v_data_after,");
    let [inserted, updated] = <[Redaction; 2]>::try_from(branches).ok()?;
    let keeps_old = body.contains("to_jsonb(OLD) -> u.k");
    let old_is_masked = !keeps_old || inserted.mask.is_empty() || old_values.as_ref() == Some(&inserted.mask);
    (records && inserted == updated && old_is_masked).then_some(inserted)
}

fn apply(step: &str, redaction: &mut Redaction) -> Option<()> {
    if let Some(excluded) = step.strip_prefix("- ") {
        let (column, rest) = literal(excluded)?;
        redaction.exclude.push(column);
        return rest.is_empty().then_some(());
    }
    let mut pairs = step.strip_prefix("|| jsonb_build_object(")?.strip_suffix(')')?;
    let mut placeholder = None;
    while !pairs.is_empty() {
        let (column, rest) = literal(pairs)?;
        let (text, rest) = literal(rest.strip_prefix(", to_jsonb(")?)?;
        pairs = rest.strip_prefix("::text)")?;
        pairs = pairs.strip_prefix(", ").unwrap_or(pairs);
        if placeholder.as_ref().is_some_and(|earlier| *earlier != text) {
            return None;
        }
        placeholder = Some(text);
        redaction.mask.push(column);
    }
    redaction.mask_placeholder = placeholder.unwrap_or_else(|| DEFAULT_PLACEHOLDER.to_owned());
    redaction.mask_null = true;
    Some(())
}

/// The literals of an array, up to its bracket.
fn names(mut text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while !text.starts_with(']') {
        let (name, rest) = literal(text)?;
        names.push(name);
        text = rest.strip_prefix(", ").unwrap_or(rest);
    }
    Some(names)
}

/// A literal in single quotes, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value += part;
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(insert: &str, update: &str) -> String {
        format!(
            "DECLARE\n  v_data_after     jsonb;\nBEGIN\n  v_data_after := NULL;\n  v_data_after     := to_jsonb(NEW);\n{insert}\n  \
             v_data_after := to_jsonb(NEW);\n{update}\n  INSERT INTO public.audit_changes VALUES (\n  v_table_pk, lower(TG_OP), v_data_after, 1);\nEND"
        )
    }

    #[test]
    fn both_branches_must_say_the_same_in_the_known_form() {
        let redacted = "  v_data_after := v_data_after - 'pass''word';\n  v_data_after := v_data_after || \
                        jsonb_build_object('email', to_jsonb('[X; '']'::text), 'phone', to_jsonb('[X; '']'::text));";
        let read = redaction(&body(redacted, redacted)).unwrap();
        assert_eq!(read.exclude, ["pass'word"]);
        assert_eq!(
            (read.mask, read.mask_placeholder.as_str()),
            (vec!["email".to_owned(), "phone".to_owned()], "[X; ']")
        );
        assert_eq!(redaction(&body("", "")), Some(Redaction::none()));
        for unreadable in [
            body(redacted, ""),
            body("  v_data_after := v_data_after || extra(NEW);", ""),
            body("  IF true THEN v_data_after := NEW.x; END IF;", ""),
            body(
                "  v_data_after := v_data_after - column_name;",
                "  v_data_after := v_data_after - column_name;",
            ),
            "BEGIN RETURN NULL; END".to_owned(),
        ] {
            assert_eq!(redaction(&unreadable), None, "{unreadable}");
        }
    }
}
