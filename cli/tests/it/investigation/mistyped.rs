//! Mistyped arguments, each with its right answer: the record itself, or what was probably meant with the command. The console has
//! the same table in `server/tests/it/mistyped.rs`.

use sqlx::PgPool;

use crate::support::help_desk::seed;
use crate::support::{Result, run, stdout};

/// Arguments that find the same as a command that is spelled correctly.
const SAME: [(&[&str], &[&str]); 16] = [
    (&["history", "tickets", "1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "#1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "0,001"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "01"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", " 1 "], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "id 1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "id: 1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "ticket 1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "Ticket #1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "id=#1"], &["history", "tickets", "id=1"]),
    (&["history", "tickets", "ID=1"], &["history", "tickets", "id=1"]),
    (&["history", "lines", "order=#7, line=01"], &["history", "lines", "order=7&line=1"]),
    (&["as-of", "tickets", "#1", "2000-01-01T00:00"], &["as-of", "tickets", "id=1", "2000-01-01T00:00"]),
    (
        &["compare", "tickets", "1", "2000-01-01T00:00", "2000-01-02T00:00"],
        &["compare", "tickets", "id=1", "2000-01-01T00:00", "2000-01-02T00:00"],
    ),
    (&["timeline", "--table", "tickets", "--key", "1"], &["timeline", "--table", "tickets", "--key", "id=1"]),
    (&["count", "--table", "tickets", "--key", "#1"], &["count", "--table", "tickets", "--key", "id=1"]),
];

/// Arguments that are refused, with the beginning and the end of the error.
#[rustfmt::skip]
const REFUSED: [(&[&str], &str, &str); 13] = [
    (&["history", "tickets", "abc"], "the ids of tickets are numbers, not \"abc\"", "not \"abc\""),
    (&["history", "tickets", "id=abc"], "the ids of tickets are numbers, not \"abc\"", "not \"abc\""),
    (&["history", "tickets", "Invoice 1"], "the ids of tickets are numbers, not \"Invoice 1\": did you mean id=1?",
        " Run: threadline history tickets id=1"),
    (&["as-of", "tickets", "99999999999999999999", "2000-01-01T00:00"], "the ids of tickets are numbers from -9223372036854775808", "\""),
    (&["history", "Tickets", "1"], "there is no audited table \"Tickets\": did you mean tickets (", " Run: threadline history tickets id=1"),
    (&["history", "ticket", "#1"], "there is no audited table \"ticket\": did you mean tickets (", " Run: threadline history tickets id=1"),
    (&["as-of", "ticket", "id=1", "2000-01-01T00:00"], "there is no audited table \"ticket\"",
        " Run: threadline as-of tickets id=1 2000-01-01T00:00"),
    (&["timeline", "--table", "Line"], "there is no audited table \"Line\": did you mean lines (2 changes)?",
        " Run: threadline timeline --table lines"),
    (&["timeline", "--actor", "ann"], "nobody called \"ann\" was found as typed: did you mean user:ann (2 changes)?",
        " Run: threadline timeline --actor user:ann"),
    (&["timeline", "--actor", "User:ann", "--table", "tickets"], "nobody called \"User:ann\" was found as typed: did you mean user:ann (1 change)?",
        " Run: threadline timeline --table tickets --actor user:ann"),
    (&["actor", "Ann"], "nobody called \"Ann\" was found as typed: did you mean user:ann (2 changes)?", " Run: threadline actor user:ann"),
    (&["count", "--operation", "Update"], "there is no operation \"Update\": it is insert, update, delete or truncate: did you mean update (2 changes)?",
        " Run: threadline count --operation update"),
    (&["timeline", "--operation", "removed"], "there is no operation \"removed\"", " Run: threadline timeline --operation delete"),
];

/// Arguments that find nothing, with parts of the explanation.
#[rustfmt::skip]
const NOTHING: [(&[&str], &[&str]); 9] = [
    (&["timeline", "--table", "tickets", "--field", "Subject"], &[
        "Nothing changed Subject of tickets.\n",
        "\nNo recorded update of tickets changed a field called \"Subject\".\nDid you mean subject (1 change)?\n  threadline timeline --table tickets --field subject\n",
        "\nOnly the field Subject excludes everything. Without it: 5 changes.\n  threadline timeline --table tickets\n",
    ]),
    (&["timeline", "--action", "escalated"], &["Did you mean ticket.escalated (2 changes)?\n  threadline timeline --action ticket.escalated\n"]),
    (&["count", "--action", "Ticket.Escalated"], &["Did you mean ticket.escalated (2 changes)?\n  threadline count --action ticket.escalated\n"]),
    (&["timeline", "--actor", "user: ann"], &[
        "Nobody called \"user: ann\" made a recorded change.\nDid you mean user:ann (2 changes)?\n  threadline timeline --actor user:ann\n",
    ]),
    (&["actor", "user:Ann"], &["Did you mean user:ann (2 changes)?\n  threadline actor user:ann\n"]),
    (&["history", "tickets", "1", "--actor", "user:bob"], &[
        "Nothing changed ticket 1 by user:bob.\n",
        "\nWithout the actor user:bob: 3 changes.\n  threadline history tickets id=1\nWithout the record id=1: 2 changes.\n",
    ]),
    (&["timeline", "--action", "ticket.closed", "--to", "2000-01-01T00:00"], &[
        "Nothing changed a record under the action ticket.closed until 1 Jan 2000, 00:00 UTC.\n",
        "\nOnly the time window (until 1 Jan 2000, 00:00 UTC) excludes everything. Without it: 1 change, the newest at ",
        "\n  threadline timeline --action ticket.closed\n",
    ]),
    (&["correlation", "case-1", "--table", "fresh"], &["\n  threadline correlation case-1\n"]),
    (&["timeline", "--action", "a'b\u{202e}"], &["No recorded action is called \"a'b\\u{202e}\".\n"]),
];

#[sqlx::test(migrations = false)]
async fn mistyped_arguments_get_their_answers(pool: PgPool) -> Result {
    seed(&pool).await?;
    for (mistyped, correct) in SAME {
        assert_eq!(stdout(&pool, mistyped)?, stdout(&pool, correct)?, "{mistyped:?}");
    }
    for (arguments, start, end) in REFUSED {
        for arguments in [arguments.to_vec(), [arguments, &["--json"]].concat()] {
            let failed = run(&pool, &arguments)?;
            assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{arguments:?}");
            assert_eq!(failed.stderr.lines().count(), 1, "{}", failed.stderr);
            let error = failed.stderr.trim_end();
            assert!(error.starts_with(&format!("threadline: {start}")) && error.ends_with(end), "{error}");
        }
    }
    for (arguments, parts) in NOTHING {
        let output = stdout(&pool, arguments)?;
        for part in parts {
            assert!(output.contains(part), "{arguments:?}: {part:?} is not in\n{output}");
        }
        // Each command that is offered can be run.
        for command in output.lines().filter_map(|line| line.strip_prefix("  threadline ")) {
            let words: Vec<&str> = command.split(' ').collect();
            assert!(!stdout(&pool, &words)?.starts_with("Nothing"), "{command}");
        }
    }
    Ok(())
}
