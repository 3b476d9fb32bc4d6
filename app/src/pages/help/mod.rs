//! The help page: the parameters of the timeline's filter, and the keyboard shortcuts. It needs no script.

mod view;

use leptos::prelude::IntoView;

use crate::{Page, PageContext, PageError, RequestContext};

/// The help page.
#[derive(Debug)]
pub(super) struct HelpPage;

impl Page for HelpPage {
    type Query = ();

    async fn load(_: &RequestContext, (): ()) -> Result<Self, PageError> {
        Ok(Self)
    }

    fn title(&self, _: &PageContext) -> String {
        "Help".to_owned()
    }

    fn view(self, context: PageContext) -> impl IntoView + 'static {
        view::view(&context)
    }
}
