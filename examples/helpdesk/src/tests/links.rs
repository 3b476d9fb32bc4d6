//! Links between the help desk and its audit console.

use axum::http::StatusCode;
use sqlx::PgPool;

use super::{Browser, desk};

#[sqlx::test(migrations = false)]
async fn ticket_and_its_history_link_to_each_other(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    let ticket = support.opens_a_ticket().await;
    let history = format!("/audit/rows/tickets/id%3D{}", ticket.trim_start_matches("/tickets/"));
    let link = format!("<a href=\"{history}\">History</a>");
    for page in ["/", &ticket] {
        assert!(support.get(page).await.page.contains(&link), "{page}");
    }
    let answer = support.get(&history).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.page.contains(&format!("<a href=\"{ticket}\">Open in Help desk")), "{}", answer.page);
    assert!(answer.page.contains(" · Printer · Help desk</title>"), "{}", answer.page);
    assert!(answer.page.contains("Signed in as") && answer.page.contains("Support desk"), "{}", answer.page);

    let customer = Browser::logged_in(&desk, "customer").await;
    let own = customer.opens_a_ticket().await;
    assert!(!customer.get(&own).await.page.contains("History"));
}

#[sqlx::test(migrations = false)]
async fn refused_visitor_signs_in_and_comes_back(pool: PgPool) {
    let desk = desk(&pool).await;
    let nobody = Browser::new(&desk);
    let refused = nobody.get("/audit/timeline?table=tickets").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let login = "/login?next=%2Faudit%2Ftimeline%3Ftable%3Dtickets";
    assert!(refused.page.contains(&format!("href=\"{login}\"")), "{}", refused.page);
    let form = nobody.get(login).await.page;
    assert!(form.contains("name=\"next\" value=\"/audit/timeline?table=tickets\""), "{form}");
    let wrong = nobody.post("/login", "name=support&password=wrong&next=%2Faudit").await;
    assert!(wrong.page.contains("name=\"next\" value=\"/audit\""), "{}", wrong.page);
    for (next, location) in [
        ("%2Faudit%2Ftimeline%3Ftable%3Dtickets", "/audit/timeline?table=tickets"),
        ("", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("%2F%09%2Fevil.example", "/"),
        ("javascript%3Aalert(1)", "/"),
    ] {
        let answer = nobody.post("/login", &format!("name=support&password=support-demo&next={next}")).await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, location), "{next}");
    }
    let customer = Browser::logged_in(&desk, "customer").await;
    let refused = customer.get("/audit").await.page;
    assert!(
        refused.contains("You may not open this page") && refused.contains("Ask an administrator"),
        "{refused}"
    );
    assert!(!refused.contains("/login"), "{refused}");
}
