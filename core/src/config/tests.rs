use super::keys::KEYS;
use super::*;
use crate::capture::CaptureMode;

fn refusal(text: &str) -> String {
    Config::from_toml(text).unwrap_err().to_string()
}

#[test]
fn a_table_has_the_defaults_and_its_own_entry() {
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
fn a_dotted_schema_is_named_in_quotes() {
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
fn a_misspelt_key_is_told_which_one_was_meant() {
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
        assert_eq!(refusal(&format!("[capture.tables.users]\n{given} = 1")), message);
    }
    let known = refusal("[capture.tables.users]\nretention = 1");
    assert!(KEYS.iter().all(|key| known.contains(key.name)), "{known}");
}

#[test]
fn every_mistake_names_its_line_and_value_and_the_way_out() {
    for (text, message) in [
        ("a = [1,", "line 1: this is not TOML: unclosed array"),
        ("[capture]\n\nmode = 'row'\nmode = 'row'", "line 4: mode is there twice: keep one"),
        (
            "capture.always = true\n[capture]",
            "line 2: capture is there twice: keep one; a dotted line cannot",
        ),
        (
            "storage = 'a'",
            "line 1: \"storage\" is not a key of threadline.toml: its keys are storage_schema, capture, health, verify_coverage",
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
        ("[capture.tables.'']", "line 1: \"\" cannot be a table: name it as in [capture.tables.users]"),
        ("[capture.tables.'billing.']", "\"billing.\" cannot be a table"),
        (
            "[capture.tables.billing.invoices]\nmask = []",
            "\"invoices\" is not a key of table billing: a name with a dot",
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
        let error = refusal(text);
        assert!(error.starts_with("line ") && error.contains(message), "{text}: {error}");
        assert_eq!(error.lines().count(), 1);
    }
    let long = refusal(&format!("[capture.tables.users]\nmask = '{}'", "x".repeat(5000)));
    assert!(long.len() < 200, "{long}");
}

#[test]
fn a_table_under_two_keys_is_refused() {
    let text = "[capture.tables.posts]\nmask = ['a']\n[capture.tables.'public.posts']\nmask = ['b']";
    assert_eq!(
        refusal(text),
        "line 3: \"posts\" and \"public.posts\" are the same table posts: keep one of them"
    );
}

#[test]
fn what_no_table_could_have_is_refused_where_it_stands() {
    let long = "x".repeat(64);
    for (lines, message) in [
        ("mask = ['a', ' a']", "line 2: mask of table users names the column \"a\": it is there twice"),
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
        let error = refusal(&format!("[capture.tables.users]\n{lines}"));
        assert!(error.contains(message), "{lines}: {error}");
    }
    let shared = refusal("[capture]\nmask_placeholder = ''");
    assert_eq!(
        shared,
        "line 2: mask_placeholder of [capture] is '': expected a text of 1 to 200 characters without control characters, \
         such as \"[HIDDEN]\""
    );
    assert!(Config::from_toml("[capture.tables.users]\nprimary_key = ['Größe (cm)', 'or\"der']").is_ok());
}

#[test]
fn lists_of_tables_are_read_and_their_mistakes_named() {
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
            "audit_anyway of [health] is 'a': expected a list of tables, each once",
        ),
        ("[health]\naudit_anyway = ['a', 'public.a']", "expected a list of tables, each once"),
        ("[health]\naudit_anyway = ['']", "expected a list of tables"),
        (
            "[verify_coverage]\n\nexpected_tables = [1]",
            "line 3: expected_tables of [verify_coverage] is [1]: expected",
        ),
    ] {
        let error = refusal(text);
        assert!(error.contains(message), "{text}: {error}");
    }
}
