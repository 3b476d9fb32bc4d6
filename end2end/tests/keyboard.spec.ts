// The whole timeline without a mouse.
import type { Page } from "@playwright/test";

import { expect, findField, lines, logIn, openLine, openTicket, raisePriority, sql, test } from "./support.ts";

async function openTimeline(page: Page): Promise<void> {
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
}

const help = (page: Page) => page.getByRole("dialog", { name: "Keyboard shortcuts" });

test("j and k go from line to line, Enter and o open one, O opens all, c copies its id", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openTimeline(page);
  const entries = lines(page);
  const summary = (index: number) => entries.nth(index).locator("summary").first();
  await page.keyboard.press("j");
  await expect(summary(0)).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(summary(2)).toBeFocused();
  await expect(summary(2)).toBeInViewport();
  await page.keyboard.press("k");
  await expect(summary(1)).toBeFocused();

  await page.keyboard.press("c");
  await expect(page.locator("#announcer")).toHaveText("Copied");
  const id = (await entries.nth(1).getAttribute("data-copy-id")) ?? "";
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);

  await page.keyboard.press("Control+j");
  await expect(summary(1)).toBeFocused();
  const changes = page.locator("[data-entry] > .change");
  await page.keyboard.press("Enter");
  await expect(changes.nth(1)).toBeVisible();
  await page.keyboard.press("o");
  await expect(changes.nth(1)).toBeHidden();
  await page.keyboard.press("O");
  await expect(page.locator("[data-entry]:not([open])")).toHaveCount(0);
  await page.keyboard.press("O");
  await expect(page.locator("[data-entry][open]")).toHaveCount(0);
});

test("Enter on a link inside of an open line follows the link", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("j");
  await page.keyboard.press("o");
  const link = page.locator("[data-entry] a[href*='/actors/']").first();
  const href = (await link.getAttribute("href")) ?? "";
  await link.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new URL(href, page.url()).href);
});

test("digits open the time windows, unless the keys are switched off", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("3");
  const windows = page.getByRole("group", { name: "Window" });
  await expect(windows.getByRole("link", { name: "Last 7 d" })).toHaveAttribute("aria-current", "true");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.keyboard.press("5");
  await expect(windows.getByRole("link", { name: "All time" })).toHaveAttribute("aria-current", "true");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  // Typed into a field, a digit is a digit.
  await page.keyboard.press("/");
  await page.keyboard.type("12");
  await expect(findField(page)).toHaveValue("12");
  await page.evaluate(() => localStorage.setItem("threadline_keys", "off"));
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.keyboard.press("1");
  await expect(windows.getByRole("link", { name: "All time" })).toHaveAttribute("aria-current", "true");
});

test("f goes to the filter, the slash to the search, and letters typed there are letters", async ({ page }) => {
  await openTimeline(page);
  await page.setViewportSize({ width: 320, height: 700 });
  const field = page.getByLabel("Table").first();
  await expect(field).toBeHidden();
  await page.keyboard.press("f");
  await expect(field).toBeVisible();
  const focused = page.locator("form.filter :focus");
  await expect(focused).toHaveCount(1);
  await field.focus();
  await page.keyboard.type("jk?c/");
  await expect(field).toHaveValue("jk?c/");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("/");
  await expect(findField(page)).toBeFocused();
  await expect(help(page)).toBeHidden();
});

test("the help lists the keys, holds the focus, and gives it back", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("j");
  await page.keyboard.press("?");
  await expect(help(page)).toBeVisible();
  for (const key of ["j", "k", "n", "p", "o", "O", "y", "Y", "c", "/", "f", "g o", "g t", "g c", "g r", "g h", "?", "Escape"]) {
    await expect(help(page).locator("kbd").getByText(key, { exact: true })).toBeVisible();
  }
  await expect(help(page).getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("j");
  for (let tabs = 0; tabs < 6; tabs++) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(() => document.activeElement?.matches("main *") ?? false);
    expect(outside, "the focus left the dialog").toBe(false);
  }
  await page.keyboard.press("Escape");
  await expect(help(page)).toBeHidden();
  await expect(lines(page).first().locator(":scope > summary")).toBeFocused();
});

test("the help has a visible way to it, and the letters can be turned off", async ({ page }) => {
  await openTimeline(page);
  await page.locator("summary", { hasText: "Preferences" }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await help(page).getByLabel("Use single-letter shortcuts").uncheck();
  await help(page).getByRole("button", { name: "Close" }).click();

  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.keyboard.press("j");
  await page.keyboard.press("?");
  await expect(help(page)).toBeHidden();
  await expect(page.locator("[data-entry] :focus")).toHaveCount(0);

  await page.locator("summary", { hasText: "Preferences" }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
  await help(page).getByLabel("Use single-letter shortcuts").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await expect(lines(page).first().locator(":scope > summary")).toBeFocused();
});

test("Escape and a click elsewhere close what hangs open", async ({ page }) => {
  await openTimeline(page);
  const preferences = page.locator("summary", { hasText: "Preferences" });
  const dark = page.getByRole("button", { name: "Dark" });
  await preferences.click();
  await dark.focus();
  await page.keyboard.press("Escape");
  await expect(dark).toBeHidden();
  await expect(preferences).toBeFocused();
  await preferences.click();
  await expect(dark).toBeVisible();
  await page.getByRole("heading", { level: 1 }).click();
  await expect(dark).toBeHidden();
});

test("y copies a link that opens the change, and Y copies five lines for a ticket", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await logIn(page, "support");
  const subject = `Copied ${Date.now().toString()}`;
  await openTicket(page, { subject, body: "To be copied." });
  await page.goto(`/audit/timeline?value=${encodeURIComponent(subject)}`);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.keyboard.press("j");
  await page.keyboard.press("y");
  await expect(page.locator("#announcer")).toHaveText("Copied");
  const link = await copied();
  expect(link).toMatch(/\/audit\/transactions\/[0-9a-f-]+\?older=\d+-[0-9a-f]{32}#change-[0-9a-f-]{36}$/);

  await page.keyboard.press("Shift+Y");
  await expect.poll(copied).toContain("What: ");
  const text = (await copied()).split("\n");
  expect(text.map((line) => line.split(":")[0])).toEqual(["What", "Who", "When", "Why", "Link"]);
  expect(text[0]).toContain(subject);
  expect(text[2]).toMatch(/\(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/);
  expect(text[4]).toBe(`Link: ${link}`);

  await page.goto(link);
  const change = page.locator(".change:target");
  await expect(change).toBeVisible();
  await expect(change).toBeInViewport();
  await expect(page.locator(".change").first()).toHaveAttribute("id", (await change.getAttribute("id")) ?? "");

  // The page of a record names it.
  await page.goto("/audit/timeline?from=");
  await openLine(lines(page).first());
  await page.getByRole("link", { name: "Record history" }).first().click();
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const record = (await page.getByRole("heading", { level: 1 }).innerText()).trim();
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+Y");
  await expect.poll(copied).toContain(`What: ${record}: `);

  // The buttons of an opened line do the same.
  await page.goto(`/audit/timeline?value=${encodeURIComponent(subject)}`);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await lines(page).first().locator(":scope > summary").click();
  await page.getByRole("link", { name: "Copy link" }).last().click();
  await expect.poll(copied).toBe(link);
  await page.getByRole("button", { name: "Copy as text" }).click();
  await expect.poll(copied).toContain(`Link: ${link}`);
  await page.locator("a.list-link").click();
  await expect.poll(copied).toMatch(/\/audit\/timeline\?.*to=/);
});

test("g and a letter go to a page of the navigation, and to no other", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await expect(page).toHaveURL(/\/audit\/help$/);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  // The support desk may not see the coverage.
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await expect(page).toHaveURL(/\/audit$/);
});

test("n and p go from transaction to transaction", async ({ page }) => {
  await openTimeline(page);
  const transaction = () =>
    page.evaluate(() => document.activeElement?.closest("[data-entry]")?.getAttribute("data-copy-id") ?? "");
  await page.keyboard.press("n");
  const first = await transaction();
  await page.keyboard.press("n");
  const second = await transaction();
  expect(second).not.toBe(first);
  await page.keyboard.press("p");
  expect(await transaction()).toBe(first);
});

test("the second link of a page with a list skips to it", async ({ page }) => {
  await openTimeline(page);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the changes" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(lines(page).first().locator(":scope > summary")).toBeFocused();
});

test("arrows step through the versions of a record, and the record at a moment is copied as text", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const now = sql("SELECT now()");
  await page.goto(`/audit/rows/tickets/id%3D${ticket}?as_of=${encodeURIComponent(now)}`);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const panel = page.locator(".panel");
  await expect(panel).toContainText("urgent");
  await page.keyboard.press("ArrowLeft");
  await expect(panel.getByRole("row", { name: /priority/ })).toContainText("low");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await panel.getByRole("button", { name: "Copy as text" }).click();
  await expect(panel.getByRole("button", { name: "Copied" })).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text.split("\n")[0]).toContain(`#${ticket}`);
  expect(text).toContain("priority: low → urgent");
  await page.keyboard.press("ArrowRight");
  await expect(panel).toContainText("Nothing was changed since");
});
