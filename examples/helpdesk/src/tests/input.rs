//! Invalid input is answered with a page that names the errors.

use axum::http::StatusCode;
use sqlx::PgPool;

use super::{Browser, desk};

#[sqlx::test(migrations = false)]
async fn a_form_that_is_not_accepted_names_the_field_and_stays_filled(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    let ticket = support.opens_a_ticket().await;
    let (assign, priority, reply) =
        (format!("{ticket}/assign"), format!("{ticket}/priority"), format!("{ticket}/reply"));
    let (edit, close_all) = (format!("{ticket}/edit"), format!("{ticket}/close-all"));
    let (tags, reason) = ("x".repeat(201), "x".repeat(501));
    let tags = format!("subject=kept&body=b&tags={tags}");
    let reason = format!("subject=kept&body=b&reason={reason}");
    let long = format!("customer=a&subject=kept&priority=low&body={}", "x".repeat(10_001));

    for (path, form, sentence, kept) in [
        ("/tickets", "customer=a&subject=+&body=kept&priority=low", "Subject must not be blank.", ">\nkept"),
        ("/tickets", "customer=a&subject=kept&body=b&priority=huge", "Priority must be one of", "\"kept\""),
        (
            "/tickets",
            "customer=a&subject=kept&body=%00&priority=low",
            "Description must not contain",
            "\"kept\"",
        ),
        ("/tickets", &long, "Description must not be longer than 10000 characters.", "\"kept\""),
        ("/tickets", "subject=kept&body=b&priority=low", "Customer must not be blank.", "\"kept\""),
        (&assign, "assignee=customer", "Assignee must be an account of the staff", "Printer"),
        (&priority, "priority=", "Priority must be one of low, normal, high, urgent.", "Printer"),
        (&edit, "subject=kept&body=+", "Description must not be blank.", "\"kept\""),
        (&edit, "subject=&body=kept&reason=why", "Subject must not be blank.", "\"why\""),
        (&edit, "subject=s&body=b&sla_minutes=soon", "Answer within must be 1 to 10080", "\"soon\""),
        (&edit, "subject=s&body=b&sla_minutes=0", "Answer within must be 1 to 10080", "\"0\""),
        (&edit, "subject=s&body=b&sla_minutes=10081", "Answer within must be 1 to 10080", "\"10081\""),
        (&edit, &tags, "Tags must not be longer than 200 characters.", "\"kept\""),
        (&edit, &reason, "Reason must not be longer than 500 characters.", "\"kept\""),
        (&close_all, "reason=+", "Reason must not be blank.", "Printer"),
        (&reply, "body=%0D%0A", "Reply must not be blank.", "Printer"),
    ] {
        let answer = support.post(path, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.page.contains(sentence), "{form}: {}", answer.page);
        assert!(answer.page.contains("aria-describedby=\"problem\""), "{form}: {}", answer.page);
        assert!(answer.page.contains(kept), "{form}: {}", answer.page);
    }
}

#[sqlx::test(migrations = false)]
async fn what_does_not_exist_is_not_found(pool: PgPool) {
    let desk = desk(&pool).await;
    let admin = Browser::logged_in(&desk, "admin").await;
    for path in ["/tickets/1", "/tickets/-1", "/tickets/99999999999999999999", "/tickets/abc", "/nowhere"] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.page.contains("<h1"), "{path}: {}", answer.page);
    }
}

#[sqlx::test(migrations = false)]
async fn hostile_text_is_shown_as_text(pool: PgPool) {
    let desk = desk(&pool).await;
    let customer = Browser::logged_in(&desk, "customer").await;
    let form = "subject=%3Cscript%3E&body=%3C/p%3E%3Cimg+onerror%3D1%3E&priority=low";
    let ticket = customer.post("/tickets", form).await.location;
    let support = Browser::logged_in(&desk, "support").await;
    let edit = format!("{ticket}/edit");
    let form =
        "subject=%3Cscript%3E&body=%3C/textarea%3E%3Cimg+onerror%3D1%3E&tags=%3Cscript%3E,%22%3E%3Cimg%3E";
    assert_eq!(support.post(&edit, form).await.status, StatusCode::SEE_OTHER);
    for path in ["/", &ticket, &edit] {
        let page = support.get(path).await.page;
        assert!(
            page.contains("&lt;script&gt;") && !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
    }
}

#[sqlx::test(migrations = false)]
async fn without_the_database_a_page_offers_to_try_again(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    pool.close().await;
    let answer = support.get("/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.page.contains("The database does not answer."), "{}", answer.page);
    assert!(answer.page.contains("href=\"\""), "{}", answer.page);
}

#[sqlx::test(migrations = false)]
async fn the_address_of_a_form_leads_back_to_its_page(pool: PgPool) {
    let desk = desk(&pool).await;
    let stranger = Browser::new(&desk);
    for (form, page) in [("/tickets/7/close", "/tickets/7"), ("/tickets", "/"), ("/logout", "/")] {
        let answer = stranger.get(form).await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, page));
    }
}
