//! Descriptions of filters and values.

use super::*;
use crate::query::suggestions::SentencePart;

fn now() -> DateTime<Utc> {
    "2026-11-22T09:30:12Z".parse().unwrap()
}

fn filter(query: &str) -> Filter {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value))).unwrap().0
}

#[test]
fn filter_is_described_as_it_was_understood() {
    for (query, sentence) in [
        ("", "Nothing changed a record."),
        ("from=2026-11-21T09:30", "Nothing changed a record in the last 24 hours."),
        ("table=tickets", "Nothing changed a record of tickets."),
        ("table=tickets&key=id%3D5041", "Nothing changed ticket 5041."),
        ("table=tickets&key=id%3D5041&operation=delete", "Nothing deleted ticket 5041."),
        (
            "table=billing.order_lines&key=order%3D7%26line%3D2",
            "Nothing changed billing.order_line line 2, order 7.",
        ),
        ("table=tickets&operation=insert", "Nothing created a record of tickets."),
        ("operation=truncate", "Nothing emptied a table."),
        ("table=tickets&operation=truncate", "Nothing emptied tickets."),
        ("field=priority&actor=user:42", "Nothing changed priority by user:42."),
        (
            "table=tickets&field=priority&action=a.b",
            "Nothing changed priority of tickets under the action a.b.",
        ),
        ("actor=job", "Nothing changed a record by an actor of type job."),
        ("correlation_id=c&request_id=r", "Nothing changed a record in the request c with the request id r."),
        (
            "from=2026-11-20T00:00&to=2026-11-21T12:00",
            "Nothing changed a record from 20 Nov 2026, 00:00 UTC to 21 Nov 2026, 12:00 UTC.",
        ),
        ("value=berta", "Nothing changed a record with a value that contains \"berta\"."),
        (
            "value=%3Dberta&table=users&from=2026-11-21T09:30",
            "Nothing changed a record of users with the value \"berta\" in the last 24 hours.",
        ),
        (
            "value=berta&table=users&field=email",
            "Nothing changed email of users from or to a value that contains \"berta\".",
        ),
        (
            "value=berta&table=users&field=email&operation=insert",
            "Nothing created a record of users with email set to a value that contains \"berta\".",
        ),
        ("to=2026-11-21T12:00", "Nothing changed a record until 21 Nov 2026, 12:00 UTC."),
        ("actor=none", "Nothing changed a record without a recorded actor."),
        ("actor=user:1,job", "Nothing changed a record by user:1 or an actor of type job."),
        ("actor=user,-user:1", "Nothing changed a record by an actor of type user not by user:1."),
        ("on_behalf_of=user:1", "Nothing changed a record on behalf of user:1."),
        ("action=-a.b", "Nothing changed a record not under the action a.b."),
        ("table=tickets,users", "Nothing changed a record of tickets or users."),
        (
            "table=-tickets&operation=-truncate",
            "Nothing created or updated or deleted a record outside of tickets.",
        ),
        ("field=a,b&table=tickets", "Nothing changed a or b of tickets."),
        ("field=-a", "Nothing changed a record without changing a."),
        (
            "field=-a&value=x",
            "Nothing changed a record with a value that contains \"x\" in a field other than a.",
        ),
        (
            "operation=insert&field=a&table=tickets",
            "Only an update changes a field, so no insert changed a of tickets.",
        ),
    ] {
        assert_eq!(filter(query).describe_empty(now()).to_string(), sentence, "{query}");
    }
}

#[test]
fn values_are_parts_of_their_own() {
    let sentence = filter("table=tickets&key=id%3D%3Cscript%3E").describe_empty(now());
    let values = sentence.into_iter().filter_map(|part| match part {
        SentencePart::Value(value) => Some(value),
        SentencePart::Words(_) => None,
    });
    assert_eq!(values.collect::<Vec<_>>(), ["ticket", "<script>"]);
}

#[test]
fn key_of_wrong_type_is_described_with_the_type() {
    let integer = KeyType::Integer(i64::from(i32::MIN), i64::from(i32::MAX));
    for (value, sentence) in [
        ("abc", "The ids of tickets are numbers, not \"abc\"."),
        ("2147483648", "The ids of tickets are numbers from -2147483648 to 2147483647, not \"2147483648\"."),
    ] {
        assert_eq!(integer.describe_mismatch(&"tickets".into(), "id", value).to_string(), sentence);
    }
}

#[test]
fn name_of_one_record_is_the_singular_of_its_table() {
    for (table, name) in [
        ("tickets", "ticket"),
        ("ticket_replies", "ticket_reply"),
        ("billing.invoices", "billing.invoice"),
        ("news", "news"),
        ("Tickets", "Tickets"),
    ] {
        assert_eq!(singular_name(&table.parse().unwrap()), name);
    }
}
