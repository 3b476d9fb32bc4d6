//! The parts of a page that come to life in the browser.

#[expect(missing_docs, reason = "leptos makes a public struct of an island's properties")]
mod copy;

pub use copy::*;
