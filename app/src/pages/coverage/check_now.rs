//! The form that starts a coverage check at once.

use serde::Deserialize;
use url::form_urlencoded;

use crate::{PageError, PageForm, RequestContext};

/// The button "Check now".
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct CheckNow {
    /// The schema that the page shows, to come back to it.
    #[serde(default)]
    schema: String,
}

impl PageForm for CheckNow {
    async fn submit(self, context: &RequestContext) -> Result<String, PageError> {
        context.services.coverage().check_now().await;
        let mut address = context.page.href("/coverage");
        if !self.schema.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            address += &format!("?{}", query.append_pair("schema", &self.schema).finish());
        }
        Ok(address)
    }
}
