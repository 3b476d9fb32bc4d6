// What a change shows of its values, in the browser.
import type { Page } from "@playwright/test";

import { expect, expectNoSidewaysScroll, lines, logIn, openLine, openTicket, test } from "./support.ts";

/** Opens a ticket with this text and answers the card of the change that made it. */
async function opened(page: Page, subject: string, body: string) {
  const ticket = await openTicket(page, { subject, body });
  await page.goto("/audit/timeline?table=tickets&operation=insert");
  return openLine(lines(page).filter({ has: page.locator("summary .key", { hasText: new RegExp(`^#${ticket}$`) }) }).first());
}

test("a long value is cut with its length and opens on demand, with the keyboard and without script", async ({ browser, baseURL }) => {
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ baseURL, javaScriptEnabled, viewport: { width: 320, height: 800 } });
    const page = await context.newPage();
    await logIn(page, "support");
    const change = await opened(page, "A long story", `${"word".repeat(500)} the end of it`);
    const fold = change.locator("details.fold");
    await expect(fold.locator("summary")).toHaveText("… 1,514 more characters");
    await expect(change.getByText("the end of it")).toBeHidden();
    await fold.locator("summary").focus();
    await page.keyboard.press("Enter");
    await expect(change.getByText("the end of it")).toBeVisible();
    await expectNoSidewaysScroll(page);
    await context.close();
  }
});

test("characters that hide or turn the text are shown, and turn nothing", async ({ page }) => {
  await logIn(page, "support");
  const change = await opened(page, "Pay \u202E001\u202C to\u200B me", "שלום 12 \u2067right\u2069\nand on");
  const subject = change.getByRole("row").filter({ hasText: "subject" }).getByRole("cell");
  await expect(subject).toHaveText("Pay ⟨U+202E⟩001⟨U+202C⟩ to⟨U+200B⟩ me");
  await expect(subject.getByTitle("right-to-left override")).toHaveText("⟨U+202E⟩");
  const body = change.getByRole("row").filter({ hasText: "body" }).getByRole("cell");
  await expect(body.locator("bdi")).toHaveCSS("unicode-bidi", "isolate");
  await expect(body).toContainText("⟨U+2067⟩right⟨U+2069⟩");
});

test("the table of a change names itself and its rows to a reader who cannot see it", async ({ page }) => {
  await logIn(page, "support");
  const change = await opened(page, "A table with names", "Its columns are named.");
  const table = change.getByRole("table", { name: "New values of tickets" }).first();
  await expect(table.getByRole("rowheader", { name: "subject" })).toBeVisible();
});

test("a change has an address on its page and leads to its row's history", async ({ page }) => {
  await logIn(page, "support");
  const change = await opened(page, "An address of its own", "To point at.");
  const id = await change.getAttribute("id");
  expect(id).toMatch(/^change-[0-9a-f-]{36}$/);
  await page.goto(`/audit/timeline?table=tickets&operation=insert#${id ?? ""}`);
  await expect(page.locator(".change:target")).toHaveAttribute("id", id ?? "");
  await page.locator(".change:target").getByRole("link", { name: "Record history" }).click();
  await expect(page).toHaveURL(/\/audit\/rows\/tickets\/id%3D\d+$/);
});
