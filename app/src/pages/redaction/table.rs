//! The redaction of one table: both sides, the differences, and the command that makes them equal.

use leptos::prelude::*;
use threadline::health::{DriftState, Redaction, RedactionDiff, TableRedaction};

use crate::components::{CommandLine, isolated, one_line, sentence};
use crate::html::IntoHtml;

/// Renders a table, unfolded if it differs.
pub(super) fn table(redaction: &TableRedaction, is_configured: bool) -> impl IntoView + use<> {
    let differences = if is_configured { differences(&redaction.diff) } else { Vec::new() };
    let differences = (!differences.is_empty()).then(|| {
        let items: Vec<_> =
            differences.into_iter().map(|difference| view! { <li>{isolated(difference)}</li> }).collect();
        view! { <ul class="plain">{items}</ul> }
    });
    let warning = redaction
        .warning
        .clone()
        .filter(|_| is_configured || redaction.state == DriftState::CouldNotIntrospect);
    let warning = warning.map(|warning| view! { <p>{one_line(sentence(&warning))}</p> });
    let command = redaction.remedy.as_ref().filter(|_| is_configured).map(|remedy| {
        let who = redaction.run_as.as_ref().map(|who| one_line(format!(", run by {who}")));
        view! { <p class="note">"To deploy what the file says"{who}":"</p> <CommandLine text=remedy.to_string()/> }
    });
    let obstacle = redaction.obstacle.as_ref().filter(|_| is_configured).map(|obstacle| {
        view! { <p class="note">"First: "{isolated(obstacle.clone())}"."</p> }
    });
    let configured = is_configured.then(|| row("threadline.toml", Some(&redaction.configured)));
    let is_bad = is_configured && redaction.state != DriftState::ConfigMatchesDeployed;
    view! {
        <li>
            <details class="bucket" open=is_bad>
                <summary><h3>{isolated(redaction.table.to_string())}</h3></summary>
                {warning}
                {differences}
                <table class="list">
                    <thead>
                        <tr>
                            <td></td>
                            <th scope="col">"Excluded"</th>
                            <th scope="col">"Masked"</th>
                            <th scope="col">"By"</th>
                        </tr>
                    </thead>
                    <tbody>{configured}{row("Deployed", redaction.deployed.as_ref())}</tbody>
                </table>
                {command}
                {obstacle}
            </details>
        </li>
    }
}

fn row(name: &'static str, side: Option<&Redaction>) -> impl IntoView + use<> {
    let Some(side) = side else {
        return view! { <tr><th scope="row">{name}</th><td colspan="3" class="kind">"not known"</td></tr> }
            .into_html();
    };
    let columns = |columns: &[String]| {
        if columns.is_empty() {
            view! { <span class="kind">"none"</span> }.into_html()
        } else {
            view! { <span class="mono">{isolated(columns.join(", "))}</span> }.into_html()
        }
    };
    let by = (!side.mask.is_empty()).then(|| {
        let nulls = if side.mask_null { ", NULL too" } else { "" };
        view! { <span class="mono">{isolated(side.mask_placeholder.clone())}</span> {nulls} }
    });
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td data-label="Excluded">{columns(&side.exclude)}</td>
            <td data-label="Masked">{columns(&side.mask)}</td>
            <td data-label="By">{by}</td>
        </tr>
    }
    .into_html()
}

fn differences(diff: &RedactionDiff) -> Vec<String> {
    let columns = |columns: &[String], what: &str| {
        (!columns.is_empty()).then(|| format!("{what}: {}", columns.join(", ")))
    };
    let marks = |is: bool, what: &str| is.then(|| what.to_owned());
    [
        columns(&diff.exclude_only_in_config, "Excluded by threadline.toml only"),
        columns(&diff.exclude_only_in_deployed, "Excluded by the deployed function only"),
        columns(&diff.mask_only_in_config, "Masked by threadline.toml only"),
        columns(&diff.mask_only_in_deployed, "Masked by the deployed function only"),
        marks(diff.placeholder_mismatch, "The placeholders differ."),
        marks(diff.mask_null_mismatch, "One masks NULL and the other does not."),
    ]
    .into_iter()
    .flatten()
    .collect()
}
