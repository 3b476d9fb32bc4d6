//! The tickets of the demo, and what happens to them.

use Step::{Assign, Close, Delete, Note, Priority, Reword, Say};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) customer: &'static str,
    pub(crate) priority: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) body: &'static str,
    /// The steps, each with its actor.
    pub(crate) then: &'static [(&'static str, Step)],
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Assign(&'static str),
    Say(&'static str),
    Priority(&'static str),
    /// In the subject and the description, this text by that one, for this reason.
    Reword(&'static str, &'static str, &'static str),
    /// Tags, and the minutes within which the customer gets an answer.
    Note(&'static str, &'static str),
    Close,
    Delete,
}

pub(crate) const NO_REASON: &str = "";

const fn story(
    customer: &'static str,
    priority: &'static str,
    subject: &'static str,
    body: &'static str,
    then: &'static [(&'static str, Step)],
) -> Story {
    Story { customer, priority, subject, body, then }
}

// One paragraph a ticket reads better than one argument a line.
#[rustfmt::skip]
pub(crate) const STORIES: [Story; 25] = [
    story("accounting", "normal", "Invoice shows the old address",
        "We moved in spring. The invoices still carry the old street.", &[
        ("support", Assign("support")),
        ("support", Say("Changed in the billing profile; the next invoice has the new address.")),
        ("support", Close),
    ]),
    story("warehouse", "normal", "Label printer prints blank labels",
        "Since the last update every second label stays empty.", &[
        ("support", Assign("support")),
        ("support", Priority("high")),
        ("support", Say("Does it also happen with the test page?")),
        ("triage", Say("By mail from warehouse: the test page is fine.")),
    ]),
    story("customer", "high", "Cannot log in after changing the password",
        "The new password is refused, the old one too.", &[
        ("support", Assign("support")),
        ("support", Say("The account was locked after five attempts. It is open again.")),
        ("customer", Say("Works, thank you.")),
        ("customer", Close),
    ]),
    story("sales", "low", "Dark background for the reports", "Would be easier on the eyes in the evening.", &[]),
    story("front-office", "urgent", "Nobody can reach the booking page",
        "The page only shows a timeout since 08:40.", &[
        ("admin", Assign("admin")),
        ("admin", Say("A certificate had expired. It is renewed.")),
        ("admin", Priority("normal")),
        ("admin", Close),
    ]),
    story("accounting", "high", "Charged twice in October", "Invoices 4711 and 4712 are for the same month.", &[
        ("support", Assign("admin")),
        ("admin", Say("Confirmed: 4712 is cancelled, the refund takes three working days.")),
    ]),
    story("laboratory", "normal", "Export stops at 65,536 rows",
        "Our table has more rows than that. The rest is missing without a message.", &[
        ("support", Priority("high")),
        ("support", Assign("support")),
    ]),
    story("customer", "normal", "How do I add a second address", "I see only one field for it.", &[
        ("support", Say("Profile, then Addresses, then Add.")),
        ("sla-sweeper", Close),
    ]),
    story("marketing", "low", "Newsletter shows the wrong logo", "It is the one from before the merger.", &[]),
    story("warehouse", "high", "Scanner loses the connection",
        "Steps:\n\n  1. Walk to aisle 7.\n  2. Scan any shelf.\n  3. It says \"offline\".\n\nAisles 1 to 6 are fine.", &[
        ("support", Assign("support")),
        ("support", Say("We ordered another access point for that corner.\nIt arrives on Thursday.")),
    ]),
    story("tokyo-office", "normal", "請求書の文字化け (garbled text on invoices)",
        "会社名が「????」と印刷されます。\nПрошу проверить шрифт.\nيرجى التحقق من الخط.", &[
        ("triage", Assign("support")),
        ("support", Say("The print server lacked a font with these letters: 請求書 prints again.")),
    ]),
    story("security-team", "urgent", "<script>alert(1)</script> & \"quotes\" in a ticket",
        "<img src=x onerror=alert(2)>\n'; DROP TABLE tickets; --\n${7*7} {{7*7}} \"><b>bold?</b>", &[
        ("admin", Assign("admin")),
        ("admin", Say("Shown as text, as it should be. </textarea><script>alert(3)</script>")),
        ("admin", Priority("low")),
    ]),
    story("front-office", "normal", "Please delete: opened by mistake", "This was meant for the canteen.", &[
        ("support", Say("Passed on; this one can go.")),
        ("admin", Delete),
    ]),
    story("customer", "low", "Typo on the checkout page", "It says \"recieve\".", &[
        ("support", Assign("support")),
        ("support", Close),
    ]),
    story("sales", "normal", "Calendar shows appointments an hour late", "Only those made before the clock change.", &[
        ("support", Assign("support")),
        ("support", Assign("admin")),
    ]),
    story("laboratory", "normal", "Attachment of 30 MB is refused", "The message only says \"failed\".", &[
        ("support", Say("The limit is 25 MB. We will make the message say so.")),
    ]),
    story("accounting", "normal", "VAT number missing on the credit note", "The tax office asks for it.", &[
        ("triage", Assign("support")),
        ("sla-sweeper", Priority("high")),
    ]),
    story("customer", "normal", "Delivery date changed without notice", "Order 20-1187 was promised for Monday.", &[
        ("support", Say("The carrier lost a day. It is now promised for Wednesday.")),
        ("customer", Say("Wednesday is fine.")),
    ]),
    story("marketing", "normal", "Access to the image archive", "Two new people need it.", &[
        ("admin", Assign("admin")),
        ("admin", Close),
    ]),
    story("warehouse", "urgent", "Stock count is negative", "Article 88-203 shows -4 pieces.", &[
        ("sla-sweeper", Priority("high")),
        ("support", Assign("support")),
        ("support", Note("stock", "60")),
        ("support", Reword("negative", "wrong", "Other articles show too many pieces.")),
        ("support", Say("Two scanners had sent the same movements. Counted again, and booked.")),
        ("support", Close),
    ]),
    story("front-office", "low", "Phone display is too bright", "Even at the lowest step.", &[
        ("sla-sweeper", Close),
    ]),
    story("laboratory", "high", "Search finds nothing with an umlaut",
        "\"Prüfung\" has no result, \"Pr\" has hundreds.", &[
        ("support", Assign("support")),
    ]),
    story("customer", "normal", "Copy of the invoice for September", "I deleted the mail. Please send it again.", &[]),
    story("sales", "high", "Discount is not applied at checkout",
        "The code AUTUMN takes nothing off since this morning.", &[
        ("triage", Assign("support")),
        ("support", Say("Which browser, and which article?")),
        ("support", Note("shop", "240")),
        ("support", Reword("Discount is not", "Voucher is not", NO_REASON)),
    ]),
    story("accounting", "normal", "Monthly report arrives empty",
        "Steps:\n\n  1. Open the reports.\n  2. Choose October.\n  3. Export a spreadsheet.\n\n\
         The file has a heading and no rows.\nSeptember was complete.", &[
        ("triage", Assign("admin")),
        ("admin", Note("reports", "480")),
        ("admin", Reword(
            "  2. Choose October.\n  3. Export a spreadsheet.",
            "  2. Choose any month from October on.\n  3. Export a spreadsheet or a PDF.",
            "Tried with other months and formats.",
        )),
        ("admin", Note("reports, export", "120")),
    ]),
];
