use super::keys::KEYS;
use super::*;
use crate::capture::CaptureMode;

fn error_of(text: &str) -> String {
    Config::from_toml(text).unwrap_err().to_string()
}

#[test]
fn table_section_overrides_defaults() {
    let config = Config::from_toml(
        r#"
        storage_schema = " audit "
        [capture.tables."billing.invoices"]
        primary_key = ["tenant_id", "Invoice No"]
        store_deleted_row = true
        [capture]
        mode = "row"
        always = true
        store_changed_from = false
        store_deleted_row = false
        store_unchanged = true
        mask_placeholder = "-"
        mask_null = true
        [capture.tables."public.users"]
        mode = "statement"
        exclude = [" password_hash "]
        mask = ["email"]
        mask_placeholder = "[HIDDEN]"
        except_columns = ["updated_at"]
        "#,
    )
    .unwrap();
    let mut defaults = TablePolicy::new("tickets").mode(CaptureMode::Row).always();
    (defaults.store_changed_from, defaults.store_deleted_row, defaults.store_unchanged) =
        (false, false, true);
    (defaults.mask_placeholder, defaults.mask_null) = ("-".to_owned(), true);
    assert_eq!(config.policy("tickets"), defaults);

    let with_name = |table: &'static str| TablePolicy { table: table.into(), ..defaults.clone() };
    let mut users = with_name("users").mode(CaptureMode::Statement).exclude(["password_hash"]);
    users = users.mask(["email"]).except_columns(["updated_at"]);
    users.mask_placeholder = "[HIDDEN]".to_owned();
    assert_eq!(config.policy("users"), users);

    let mut invoices = with_name("billing.invoices").primary_key(["tenant_id", "Invoice No"]);
    invoices.store_deleted_row = true;
    assert_eq!(config.policies().cloned().collect::<Vec<_>>(), [invoices, users]);
    assert_eq!(config.storage_schema.unwrap().name(), "audit");
    assert_eq!(Config::from_toml("").unwrap(), Config::default());
}

#[test]
fn quoted_schema_with_dot_is_read() {
    let file = r#"
        [capture.tables.'"acme.example".orders']
        mask = ["iban"]
        [verify_coverage]
        expected_tables = ['"acme.example".orders', '"a,b"']
        "#;
    let config = Config::from_toml(file).unwrap();
    let orders = TableName::new("acme.example", "orders");
    assert_eq!(config.policy(orders.clone()).mask, ["iban"]);
    assert_eq!(config.expected_tables, [orders, TableName::new("public", "a,b")]);
}

#[test]
fn misspelt_key_suggests_known_keys() {
    for (given, meant) in [
        ("primary_keys", "primary_key"),
        ("pk", "primary_key"),
        ("pkey", "primary_key"),
        ("primary", "primary_key"),
        ("excludes", "exclude"),
        ("masks", "mask"),
        ("redact", "exclude or mask"),
        ("Mask-Placeholder", "mask_placeholder"),
        ("except", "except_columns"),
        ("moed", "mode"),
        ("stored_changed_from", "store_changed_from"),
    ] {
        let message = format!("line 2: {given:?} is not a key of table users: did you mean {meant}?");
        assert_eq!(error_of(&format!("[capture.tables.users]\n{given} = 1")), message);
    }
    let known = error_of("[capture.tables.users]\nretention = 1");
    assert!(KEYS.iter().all(|key| known.contains(key.name)), "{known}");
}

#[test]
fn error_names_line_value_and_expected() {
    for (text, message) in [
        ("a = [1,", "line 1: this is not valid TOML: unclosed array"),
        ("[capture]\n\nmode = 'row'\nmode = 'row'", "line 4: mode is set twice: keep one"),
        ("capture.always = true\n[capture]", "line 2: capture is set twice: keep one; a dotted key cannot"),
        (
            "storage = 'a'",
            "line 1: \"storage\" is not a key of threadline.toml: its keys are storage_schema, capture, console, health, verify_coverage",
        ),
        ("storage_schema = 3", "line 1: storage_schema of threadline.toml is 3: expected a name such as"),
        ("storage_schema = 'a b'", "line 1: storage schema \"a b\": use letters"),
        ("capture = 1", "line 1: capture of threadline.toml is 1: expected a section [capture]"),
        (
            "[capture]\nmode = 'rows'",
            "line 2: mode of [capture] is 'rows': expected \"statement\" or \"row\"",
        ),
        ("[capture]\nalways = 'yes'", "line 2: always of [capture] is 'yes': expected true or false"),
        ("[capture]\nmask = ['a']", "line 2: \"mask\" is not a key of [capture]: it names columns"),
        ("[capture.table.users]", "line 1: \"table\" is not a key of [capture]: did you mean tables?"),
        (
            "[capture]\ntables = ['users']",
            "line 2: tables of [capture] is ['users']: expected sections such as",
        ),
        ("[capture.tables]\nusers = ['a']", "line 2: users of [capture.tables] is ['a']: expected a section"),
        (
            "[capture.tables.'']",
            "line 1: \"\" cannot be the name of a table: write it as in [capture.tables.users]",
        ),
        ("[capture.tables.'billing.']", "\"billing.\" cannot be the name of a table"),
        (
            "[capture.tables.billing.invoices]\nmask = []",
            "\"invoices\" is not a key of table billing: quote a name with a dot",
        ),
        ("[capture.tables.users.mask]\na = 1", "line 1: mask of table users is a section: expected a list"),
        (
            "[capture.tables.users]\nmask = ['a', 3]",
            "line 2: mask of table users is ['a', 3]: expected a list such as",
        ),
        (
            "[capture.tables.users]\nprimary_key = 'id'",
            "is 'id': expected a list such as [\"tenant_id\", \"id\"]",
        ),
    ] {
        let error = error_of(text);
        assert!(error.starts_with("line ") && error.contains(message), "{text}: {error}");
        assert_eq!(error.lines().count(), 1);
    }
    let long = error_of(&format!("[capture.tables.users]\nmask = '{}'", "x".repeat(5000)));
    assert!(long.len() < 200, "{long}");
}

#[test]
fn same_table_under_two_keys_is_rejected() {
    let text = "[capture.tables.posts]\nmask = ['a']\n[capture.tables.'public.posts']\nmask = ['b']";
    assert_eq!(
        error_of(text),
        "line 3: \"posts\" and \"public.posts\" are the same table posts: keep one of them"
    );
}

#[test]
fn invalid_policy_is_rejected_at_its_line() {
    let long = "x".repeat(64);
    for (lines, message) in [
        ("mask = ['a', ' a']", "line 2: mask of table users names the column \"a\": it is listed twice"),
        ("exclude = [' ']", "line 2: exclude of table users names the column \"\": it is empty"),
        ("mask = ['a']\nexclude = ['b', 'a']", "line 3: a of table users is in both exclude and mask"),
        ("primary_key = []", "line 2: primary_key of table users is empty: name its columns"),
        ("primary_key = ['id ']", "names the column \"id \": it begins or ends with white space"),
        ("primary_key = [\"a\\u0000\"]", "it holds a NUL byte"),
        (&format!("primary_key = ['{long}']"), "it is longer than the 63 bytes"),
        ("primary_key = ['id']\nmask = ['id']", "line 3: key column id of table users is in mask"),
        ("mask_placeholder = ''", "line 2: mask_placeholder of table users is \"\": use 1 to 200"),
        ("mask_placeholder = \"a\\nb\"", "mask_placeholder of table users is \"a\\nb\""),
        (&format!("mask_placeholder = '{}'", "x".repeat(201)), "use 1 to 200 characters"),
    ] {
        let error = error_of(&format!("[capture.tables.users]\n{lines}"));
        assert!(error.contains(message), "{lines}: {error}");
    }
    let shared = error_of("[capture]\nmask_placeholder = ''");
    assert_eq!(
        shared,
        "line 2: mask_placeholder of [capture] is '': expected a text of 1 to 200 characters without control characters, \
         such as \"[HIDDEN]\""
    );
    assert!(Config::from_toml("[capture.tables.users]\nprimary_key = ['Größe (cm)', 'or\"der']").is_ok());
}

#[test]
fn table_lists_are_read_and_validated() {
    let config = Config::from_toml(
        "[health]\nexpected_uncovered_tables = [' jobs', 'billing.queue']\naudit_anyway = ['schema_migrations']\n\
         [verify_coverage]\nexpected_tables = ['public.users']",
    )
    .unwrap();
    assert_eq!(config.expected_uncovered_tables, ["jobs".into(), "billing.queue".into()]);
    assert_eq!(
        (config.audit_anyway, config.expected_tables),
        (vec!["schema_migrations".into()], vec!["users".into()])
    );
    for (text, message) in [
        ("health = 1", "line 1: health of threadline.toml is 1: expected a section [health]"),
        (
            "[health]\naudit_anyways = []",
            "line 2: \"audit_anyways\" is not a key of [health]: did you mean audit_anyway?",
        ),
        ("[health]\nexpected_tables = []", "its keys are expected_uncovered_tables, audit_anyway"),
        (
            "[health]\naudit_anyway = 'a'",
            "audit_anyway of [health] is 'a': expected a list of tables without duplicates",
        ),
        ("[health]\naudit_anyway = ['a', 'public.a']", "expected a list of tables without duplicates"),
        ("[health]\naudit_anyway = ['']", "expected a list of tables"),
        (
            "[verify_coverage]\n\nexpected_tables = [1]",
            "line 3: expected_tables of [verify_coverage] is [1]: expected",
        ),
    ] {
        let error = error_of(text);
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn words_of_the_console_are_read() {
    let config = Config::from_toml(
        r##"
        [console.tables.tickets]
        name = ["ticket", "tickets"]
        label = "subject"
        prefix = "#"
        link = "/tickets/{id}"
        [console.tables."billing.invoices"]
        name = " invoice "
        label = ["number", "Invoice No"]
        [console.tables."public.users"]
        label = []
        prefix = ""
        [console.actions]
        "ticket.priority_changed" = "changed the priority of"
        import = " imported "
        "##,
    )
    .unwrap();
    let words = |table: &'static str| config.console.tables[&table.into()].clone();
    let text = |text: &str| Some(text.to_owned());
    let tickets = TableWords {
        singular: text("ticket"),
        plural: text("tickets"),
        label: Some(vec!["subject".to_owned()]),
        prefix: "#".to_owned(),
        link: Some("/tickets/{id}".parse().unwrap()),
    };
    assert_eq!(words("tickets"), tickets);
    let invoices = words("billing.invoices");
    assert_eq!((invoices.singular, invoices.plural), (text("invoice"), text("invoices")));
    assert_eq!(invoices.label, Some(vec!["number".to_owned(), "Invoice No".to_owned()]));
    assert_eq!(words("users"), TableWords { label: Some(Vec::new()), ..TableWords::default() });
    let actions: Vec<_> = config.console.actions.iter().map(|(name, words)| (&**name, &**words)).collect();
    assert_eq!(actions, [("import", "imported"), ("ticket.priority_changed", "changed the priority of")]);
    // The words of the console capture no table.
    assert_eq!(config.policies().count(), 0);
}

#[test]
fn error_in_words_of_the_console_names_key_and_correction() {
    let name = "expected one word such as \"ticket\", or two such as [\"person\", \"people\"]";
    let label = "expected a column such as \"subject\", or columns without duplicates";
    let prefix = "expected a text of at most 80 characters without control characters, such as \"#\"";
    let long = "x".repeat(81);
    let of_tickets = |key: &str, value: &str, expected: &str| {
        (
            format!("[console.tables.tickets]\n{key} = {value}"),
            format!("line 2: {key} of table tickets of [console] is {value}: {expected}"),
        )
    };
    let cases = [
        ("console = 1".to_owned(), "line 1: console of threadline.toml is 1: expected a section [console]".to_owned()),
        ("[console]\ntable = 1".to_owned(), "line 2: \"table\" is not a key of [console]: did you mean tables?".to_owned()),
        (
            "[console]\ntables = ['tickets']".to_owned(),
            "line 2: tables of [console] is ['tickets']: expected sections such as [console.tables.users]".to_owned(),
        ),
        (
            "[console.tables]\ntickets = 'ticket'".to_owned(),
            "line 2: tickets of [console.tables] is 'ticket': expected a section with its keys, such as prefix = \"#\"".to_owned(),
        ),
        (
            "[console.tables.'']".to_owned(),
            "line 1: \"\" cannot be the name of a table: write it as in [console.tables.users]".to_owned(),
        ),
        (
            "[console.tables.a]\n[console.tables.'public.a']".to_owned(),
            "line 2: \"a\" and \"public.a\" are the same table a: keep one of them".to_owned(),
        ),
        (
            "[console.tables.billing.invoices]\nname = 'invoice'".to_owned(),
            "\"invoices\" is not a key of table billing of [console]: quote a name with a dot, as in [console.tables.\"billing.invoices\"]".to_owned(),
        ),
        (
            "[console.tables.tickets]\nlabels = 'subject'".to_owned(),
            "line 2: \"labels\" is not a key of table tickets of [console]: did you mean label?".to_owned(),
        ),
        of_tickets("name", "3", name),
        of_tickets("name", "''", name),
        of_tickets("name", "' '", name),
        of_tickets("name", "['ticket']", name),
        of_tickets("name", "['a', 'b', 'c']", name),
        of_tickets("name", "\"a\\nb\"", name),
        of_tickets("label", "''", label),
        of_tickets("label", "['a', 1]", label),
        of_tickets("label", "['a', 'a']", label),
        of_tickets("label", "true", label),
        of_tickets("prefix", "1", prefix),
        of_tickets("prefix", "\"\\t\"", prefix),
        of_tickets("link", "5", "expected an address such as \"/tickets/{id}\""),
        of_tickets("link", "'tickets/{id}'", "expected an address that begins with /, http:// or https://"),
        of_tickets("link", "'javascript:alert(1)'", "expected an address that begins with /, http:// or https://"),
        of_tickets("link", "'/tickets/{}'", "expected each placeholder as a name in braces, such as /tickets/{id}"),
        ("[console]\nactions = []".to_owned(), "line 2: actions of [console] is []: expected words by the names of actions".to_owned()),
        (
            "[console.actions]\nticket.closed = 'closed'".to_owned(),
            "line 2: \"ticket\" is not a key of [console.actions]: quote a name with a dot, as in \"ticket.closed\" = \"closed\"".to_owned(),
        ),
        (
            "[console.actions]\n'' = 'closed'".to_owned(),
            "line 2: \"\" is not a key of [console.actions]: the name of an action has 1 to 200 bytes".to_owned(),
        ),
        (
            "[console.actions]\nclosed = ''".to_owned(),
            "line 2: closed of [console.actions] is '': expected words of 1 to 80 characters".to_owned(),
        ),
        (
            format!("[console.actions]\nclosed = '{long}'"),
            "line 2: closed of [console.actions] is 'xxx".to_owned(),
        ),
    ];
    for (text, message) in cases {
        let error = error_of(&text);
        assert!(error.contains(&message), "{text}: {error}");
    }
}
