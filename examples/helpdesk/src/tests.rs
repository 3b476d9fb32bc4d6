//! The help desk through its own router, each test in a database of its own.

mod access;
mod actions;
mod agents;
mod context;
mod edit;
mod first_start;
mod input;
mod jobs;
mod links;
mod readme;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use sqlx::PgPool;
use tower::ServiceExt;

use crate::session::Role;
use crate::{config, prepare, seed, web};

/// A help desk with the accounts of the demo and one more customer, no ticket, and an empty trail.
async fn desk(pool: &PgPool) -> Router {
    let config = config().unwrap();
    prepare(pool, &config).await.unwrap();
    for (name, role) in seed::ACCOUNTS.into_iter().chain([("other-customer", Role::Customer)]) {
        seed::account(pool, name, role).await.unwrap();
    }
    sqlx::raw_sql(
        "TRUNCATE threadline.audit_changes, threadline.audit_transactions, threadline.audit_actions",
    )
    .execute(pool)
    .await
    .unwrap();
    web::router(pool.clone(), config).unwrap()
}

/// A minimal browser: it keeps a cookie and returns responses.
struct Browser {
    desk: Router,
    cookie: String,
}

struct Answer {
    status: StatusCode,
    location: String,
    cookie: String,
    page: String,
}

impl Browser {
    fn new(desk: &Router) -> Self {
        Self { desk: desk.clone(), cookie: String::new() }
    }

    async fn logged_in(desk: &Router, name: &str) -> Self {
        let mut browser = Self::new(desk);
        let answer = browser.post("/login", &format!("name={name}&password={name}-demo")).await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, "/"), "{name}");
        browser.cookie = answer.cookie;
        browser
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn send(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(header::COOKIE, self.cookie.parse().unwrap());
        let response = self.desk.clone().oneshot(request).await.unwrap();
        let text = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (location, cookie) = (text(header::LOCATION), text(header::SET_COOKIE));
        let status = response.status();
        let page = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer {
            status,
            location,
            cookie: cookie.split(';').next().unwrap().to_owned(),
            page: String::from_utf8(page.to_vec()).unwrap(),
        }
    }

    /// Opens a ticket and answers its address.
    async fn opens_a_ticket(&self) -> String {
        let answer =
            self.post("/tickets", "customer=warehouse&subject=Printer&body=Jam&priority=normal").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.page);
        answer.location
    }
}
