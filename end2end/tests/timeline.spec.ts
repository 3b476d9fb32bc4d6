// The timeline's filter, windows and pages as a person meets them.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, lines, logIn, openFilter, openLine, raisePriority, sql, test } from "./support.ts";

const timeline = (page: Page) => page.getByRole("heading", { level: 1, name: "Timeline" });

test("a record is found by its number, and its chips lead back to everything", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit/timeline");
  await openFilter(page);
  await page.getByLabel("Table", { exact: true }).fill("tickets");
  await page.getByLabel("Record", { exact: true }).fill(ticket);
  await page.getByText("More filters").click();
  await page.getByLabel("Kind", { exact: true }).selectOption("update");
  await page.getByLabel("Field", { exact: true }).fill("priority");
  await page.getByRole("button", { name: "Apply" }).click();

  await expect(page).toHaveURL(new RegExp(`\\?table=tickets&key=id%3D${ticket}&operation=update&field=priority&from=[^&]*$`));
  await expect(page.getByText("1 change", { exact: true }).first()).toBeVisible();
  await expect(lines(page)).toHaveCount(1);
  await openFilter(page);
  await expect(page.getByLabel("Record", { exact: true })).toHaveValue(`id=${ticket}`);
  await expect(page.getByLabel("Kind", { exact: true })).toBeVisible();

  const chips = page.getByRole("list", { name: "Active filters" }).getByRole("listitem");
  await expect(chips).toHaveCount(5);
  for (const name of ["Remove the filter Field", "Remove the filter Kind", "Remove the window"]) {
    await page.getByRole("link", { name }).click();
    await expect(page.getByRole("link", { name })).toHaveCount(0);
  }
  await page.getByRole("link", { name: "Remove the filter Table" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?from=$/);
  await expect(chips).toHaveCount(0);
});

test("a window keeps the other conditions, and Custom leads to its begin", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/timeline?table=tickets&window=24h");
  const windows = page.getByRole("group", { name: "Window" });
  await expect(windows.getByRole("link", { name: "Last 24 h" })).toHaveAttribute("aria-current", "true");
  await windows.getByRole("link", { name: "Last 7 d" }).click();
  await expect(page).toHaveURL(/\?table=tickets&from=[^&]*$/);
  await expect(windows.getByRole("link", { name: "Last 7 d" })).toHaveAttribute("aria-current", "true");
  await windows.getByRole("link", { name: "All time" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?table=tickets$/);
  await windows.getByRole("link", { name: "Custom" }).click();
  await expect(page.getByLabel("From (UTC)")).toBeFocused();
});

test("several values are chosen from lists of what occurs, and one is left out", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit/timeline?table=tickets");
  await openFilter(page);
  await page.getByRole("link", { name: "Choose from lists" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Choose from lists" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("checkbox", { name: /^priority/u }).check();
  await page.getByRole("checkbox", { name: /^assignee/u }).check();
  await page.getByRole("checkbox", { name: /^All users/u }).check();
  await page.getByRole("button", { name: "Show changes" }).click();
  await expect(page).toHaveURL(/field=(priority%2Cassignee|assignee%2Cpriority)&actor=user$/u);
  await expect(page.getByRole("list", { name: "Active filters" })).toContainText(" or ");
  await expect(lines(page).first()).toBeVisible();

  await openFilter(page);
  await page.getByRole("link", { name: "Choose from lists" }).click();
  await expect(page.getByRole("checkbox", { name: /^priority/u })).toBeChecked();
  await page.getByRole("link", { name: "not this: All users" }).click();
  await expect(page).toHaveURL(/actor=-user$/u);
  await expect(page.getByRole("list", { name: "Active filters" })).toContainText("not users");
});

test("people only is one click, and another one undoes it", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/timeline?table=tickets&window=24h");
  await page.getByRole("link", { name: "People only" }).click();
  await expect(page).toHaveURL(/actor=user%2Cadmin/u);
  await expect(page).toHaveTitle(/People only · Timeline/u);
  await page.getByRole("link", { name: "People only" }).click();
  await expect(page).not.toHaveURL(/actor=/u);
});

test("a mistake is shown at its field, which keeps what was typed and has the focus", async ({ page, complaints }) => {
  complaints.expectStatus(400);
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await openFilter(page);
  await page.getByLabel("Who", { exact: true }).fill("nobody:1");
  await page.getByLabel("Action", { exact: true }).fill("ticket.opened");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("alert")).toContainText('actor is "nobody:1"');
  const actor = page.getByLabel("Who", { exact: true });
  await expect(actor).toHaveValue("nobody:1");
  await expect(actor).toHaveAttribute("aria-invalid", "true");
  await expect(actor).toHaveAccessibleDescription(/Expected an actor such as user:42/);
  await expect(actor).toBeFocused();
  await expect(page.getByLabel("Action", { exact: true })).toHaveValue("ticket.opened");
  await actor.fill("user:support");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(page).toHaveURL(/actor=user%3Asupport&action=ticket.opened/);
});

test("the place in the pages survives reload and the way back", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/timeline?from=");
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page).toHaveURL(/[?&]older=/);
  const first = lines(page).first();
  const entry = (await first.getAttribute("data-copy-id")) ?? "";
  const address = page.url();
  await page.reload();
  await expect(first).toHaveAttribute("data-copy-id", entry);
  await (await openLine(first)).locator('a[href*="/transactions/"]').click();
  await expect(timeline(page)).toHaveCount(0);
  await page.goBack();
  await expect(page).toHaveURL(address);
  await expect(first).toHaveAttribute("data-copy-id", entry);
});

test("fifteen changes fit on the first screen, and five on that of a phone", async ({ page }) => {
  await logIn(page, "support");
  for (const { width, height, least } of [
    { width: 1280, height: 900, least: 15 },
    { width: 390, height: 844, least: 5 },
  ]) {
    await page.setViewportSize({ width, height });
    await page.goto("/audit/timeline?table=tickets");
    const boxes = await lines(page).evaluateAll((all) => all.map((line) => line.getBoundingClientRect().bottom));
    expect(boxes.filter((bottom) => bottom <= height).length, `${width}x${height}`).toBeGreaterThanOrEqual(least);
  }
});

test("a large transaction is one line, and older changes are on the same page", async ({ page }) => {
  await logIn(page, "support");
  sql("INSERT INTO ticket_replies (ticket_id, author, body) SELECT 1, 'support', 'Sent to everybody.' FROM generate_series(1, 300)");
  await page.goto("/audit/timeline?table=ticket_replies");
  const large = lines(page).first();
  await expect(large.locator("summary")).toContainText("created 300 replies");
  await expect(lines(page).nth(1)).not.toContainText("Sent to everybody.");
  const opened = await openLine(large);
  await expect(opened).toContainText("300 changes of this transaction match the filter.");
  await opened.getByRole("link", { name: "Show all changes of this transaction" }).click();
  await expect(page.getByRole("heading", { name: "300 changes in 1 table" })).toBeVisible();
});

test("the density is remembered: lines, or every change in full", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/timeline?table=tickets");
  await expect(lines(page).first().locator(".change")).toBeHidden();
  await page.locator("summary", { hasText: "Preferences" }).click();
  await page.getByRole("button", { name: "Cards" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?table=tickets$/);
  await expect(lines(page).first().locator(".change")).toBeVisible();
  await page.goto("/audit/timeline?from=");
  await expect(lines(page).last().locator(".change")).toBeVisible();
  await page.locator("summary", { hasText: "Preferences" }).click();
  await page.getByRole("button", { name: "Lines" }).click();
  await expect(lines(page).first().locator(".change")).toBeHidden();
});
