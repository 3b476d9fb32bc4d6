//! The words for an action.

/// Words that need a record behind them, such as "changed the priority of".
const PREPOSITIONS: [&str; 10] = ["about", "at", "by", "for", "from", "in", "of", "on", "to", "with"];

/// Participles that do not end with "ed".
const IRREGULAR: [&str; 25] = [
    "begun",
    "bought",
    "built",
    "chosen",
    "drawn",
    "frozen",
    "given",
    "hidden",
    "held",
    "kept",
    "left",
    "lent",
    "lost",
    "made",
    "paid",
    "rebuilt",
    "reset",
    "sent",
    "shown",
    "sold",
    "spent",
    "taken",
    "withdrawn",
    "won",
    "written",
];
/// Words that end with "ed" and are no participles.
const NO_PARTICIPLES: [&str; 5] = ["embed", "hundred", "kindred", "shed", "sled"];

/// Returns words for an action that stand alone: those of the host, unless they need a record behind them, or else words that are
/// formed from the name.
pub(super) fn alone(name: &str, configured: Option<&str>) -> String {
    let needs_record =
        |words: &&str| words.rsplit(' ').next().is_some_and(|last| PREPOSITIONS.contains(&last));
    match configured.filter(|words| !needs_record(words)) {
        Some(words) => words.to_owned(),
        None => formed(name).unwrap_or_else(|| name.to_owned()),
    }
}

/// Returns whether an action is named after the records with one of these nouns, as `ticket.closed` is after tickets.
pub(super) fn is_about<'a>(name: &str, nouns: impl IntoIterator<Item = &'a str>) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    let object = name.rsplit_once('.').map(|(object, _)| plain(object));
    object.is_some_and(|object| nouns.into_iter().any(|noun| plain(noun) == object))
}

/// Forms words from a name such as `ticket.priority_changed`: "changed ticket priority". Returns `None` if the name does not follow
/// that form, because a wrong guess reads worse than a name.
fn formed(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split(['.', '_', '-']).collect();
    let is_word = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if !words.iter().all(is_word) {
        return None;
    }
    let event_words = name.rsplit('.').next()?.split(['_', '-']).count();
    let (last, object) = words.split_last()?;
    let (object_name, event) = words.split_at(words.len() - event_words);
    if is_participle(last) {
        let participles = event.iter().filter(|word| is_participle(word)).count();
        return (participles == 1).then(|| [&[*last], object].concat().join(" "));
    }
    // Of "user.signed_in" the object is the subject: its words keep their order.
    let follows = !object_name.is_empty() && event.first().is_some_and(|first| is_participle(first));
    follows.then(|| words.join(" "))
}

fn is_participle(word: &str) -> bool {
    let is_regular = word.len() >= 4 && word.ends_with("ed") && !word.ends_with("eed");
    (is_regular && !NO_PARTICIPLES.contains(&word)) || IRREGULAR.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_formed_of_names_that_end_with_a_participle() {
        for (name, words) in [
            ("ticket.priority_changed", "changed ticket priority"),
            ("ticket.closed", "closed ticket"),
            ("ticket.priority.changed", "changed ticket priority"),
            ("order-item.quantity-changed", "changed order item quantity"),
            ("billing.invoice.paid", "paid billing invoice"),
            ("password.reset", "reset password"),
            ("archived", "archived"),
            ("user.signed_in", "user signed in"),
            ("ticket.assigned_to_agent", "ticket assigned to agent"),
            ("v2.user_created", "created v2 user"),
        ] {
            assert_eq!(alone(name, None), words);
        }
    }

    #[test]
    fn other_names_stay_as_they_are() {
        for name in [
            "refund.approve",
            "close_all",
            "login",
            "TicketClosed",
            "ticket.Closed",
            "ticket..closed",
            ".closed",
            "ticket closed",
            "user.news_feed",
            "ticket.reopened_closed",
            "größe.geändert",
            "ticket.\u{202e}desolc",
            "signed_in",
            "ticket.opened_2",
            "",
        ] {
            assert_eq!(alone(name, None), name);
        }
    }

    #[test]
    fn words_of_the_host_that_need_a_record_do_not_stand_alone() {
        for (configured, expected) in [
            ("changed the priority of", "changed ticket priority"),
            ("replied to", "changed ticket priority"),
            ("tidied up", "tidied up"),
        ] {
            assert_eq!(alone("ticket.priority_changed", Some(configured)), expected);
        }
    }

    #[test]
    fn action_is_about_the_records_that_it_is_named_after() {
        let nouns = ["ticket", "Order line", "crm_accounts"];
        for (name, expected) in [
            ("ticket.closed", true),
            ("order_line.price.changed", false),
            ("order-line.priced", true),
            ("crm_accounts.merged", true),
            ("tickets.closed", false),
            ("closed", false),
        ] {
            assert_eq!(is_about(name, nouns), expected, "{name}");
        }
    }
}
