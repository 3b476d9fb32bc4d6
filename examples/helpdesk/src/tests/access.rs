//! The permissions of each role.

use axum::http::StatusCode;
use sqlx::PgPool;

use super::{Browser, desk};

#[sqlx::test(migrations = false)]
async fn a_wrong_password_is_refused_and_the_name_stays(pool: PgPool) {
    let desk = desk(&pool).await;
    for name in ["support", "nobody", "sup%00port"] {
        let answer = Browser::new(&desk).post("/login", &format!("name={name}&password=wrong")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(answer.page.contains("Name and password do not match."), "{}", answer.page);
        assert!(name.contains('%') || answer.page.contains(&format!("value=\"{name}\"")), "{}", answer.page);
    }
}

#[sqlx::test(migrations = false)]
async fn the_session_id_changes_at_login_and_ends_at_logout(pool: PgPool) {
    let desk = desk(&pool).await;
    let first = Browser::logged_in(&desk, "support").await;
    let again = first.post("/login", "name=support&password=support-demo").await;
    assert_ne!(first.cookie, again.cookie);
    assert_eq!(first.get("/").await.location, "/login", "the old id is worth nothing");

    let second = Browser { desk, cookie: again.cookie };
    assert_eq!(second.get("/").await.status, StatusCode::OK);
    assert_eq!(second.post("/logout", "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(second.get("/").await.location, "/login");
}

#[sqlx::test(migrations = false)]
async fn a_ticket_of_another_customer_does_not_exist(pool: PgPool) {
    let desk = desk(&pool).await;
    let customer = Browser::logged_in(&desk, "customer").await;
    let other = Browser::logged_in(&desk, "other-customer").await;
    let ticket = other.opens_a_ticket().await;

    assert_eq!(customer.get(&ticket).await.status, StatusCode::NOT_FOUND);
    assert!(!customer.get("/").await.page.contains("Printer"));
    for path in ["edit", "assign", "reply", "priority", "close", "close-all", "delete"] {
        let answer = customer.post(&format!("{ticket}/{path}"), "body=x&priority=low").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(customer.get(&format!("{ticket}/edit")).await.status, StatusCode::NOT_FOUND);
    assert!(other.get(&ticket).await.page.contains("Printer"));
}

#[sqlx::test(migrations = false)]
async fn only_staff_steers_and_only_the_admin_deletes(pool: PgPool) {
    let desk = desk(&pool).await;
    let customer = Browser::logged_in(&desk, "customer").await;
    let support = Browser::logged_in(&desk, "support").await;
    let ticket = customer.opens_a_ticket().await;

    for (browser, path) in [
        (&customer, "edit"),
        (&customer, "assign"),
        (&customer, "priority"),
        (&customer, "close-all"),
        (&customer, "delete"),
        (&support, "delete"),
    ] {
        let form = "subject=s&body=b&assignee=support&priority=low&reason=r";
        let answer = browser.post(&format!("{ticket}/{path}"), form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!browser.get(&ticket).await.page.contains(&format!("=\"{ticket}/{path}\"")), "{path}");
    }
    assert_eq!(customer.get(&format!("{ticket}/edit")).await.status, StatusCode::FORBIDDEN);
    let page = support.get(&ticket).await.page;
    assert!(page.contains(&format!("=\"{ticket}/edit\"")), "{page}");
}

#[sqlx::test(migrations = false)]
async fn the_console_is_open_to_staff_only(pool: PgPool) {
    let desk = desk(&pool).await;
    let stranger = Browser::new(&desk);
    let customer = Browser::logged_in(&desk, "customer").await;
    for browser in [&stranger, &customer] {
        assert_eq!(browser.get("/audit/timeline").await.status, StatusCode::FORBIDDEN);
    }
    for name in ["admin", "support"] {
        let staff = Browser::logged_in(&desk, name).await;
        staff.opens_a_ticket().await;
        let timeline = staff.get("/audit/timeline?from=").await;
        assert_eq!(timeline.status, StatusCode::OK, "{name}");
        assert!(timeline.page.contains("ticket.opened"), "{name}: {}", timeline.page);
    }
    assert_eq!(stranger.get("/auditor").await.status, StatusCode::NOT_FOUND, "the host's own address");
}
