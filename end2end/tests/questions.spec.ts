// What support staff ask at night, answered from the overview. Each question may take so many clicks and keys, and no more.
import type { Locator, Page } from "@playwright/test";

import { expect, lines, logIn, openTicket, raisePriority, sql, test } from "./support.ts";

/** The hands of a reader: everything that they click and type is counted. */
class Hands {
  clicks = 0;
  keys = 0;

  constructor(private readonly page: Page) {}

  async click(target: Locator): Promise<void> {
    this.clicks += 1;
    await target.click();
  }

  async press(key: string): Promise<void> {
    this.keys += 1;
    await this.page.keyboard.press(key);
  }

  async type(text: string): Promise<void> {
    this.keys += text.length;
    await this.page.keyboard.type(text);
  }

  /** Searches with the keyboard, as one does from any page. */
  async find(words: string): Promise<void> {
    await this.press("/");
    await expect(this.page.locator("form.find input")).toBeFocused();
    await this.type(words);
    await this.press("Enter");
  }

  /** Asserts that the answer took at most so many clicks, and at most so many keys besides the words that were typed. */
  took(clicks: number, keys: number): void {
    expect(this.clicks, "clicks").toBeLessThanOrEqual(clicks);
    expect(this.keys, "keys").toBeLessThanOrEqual(keys);
  }
}

/** Opens the overview and waits for the keyboard. */
async function overview(page: Page, who: "admin" | "support" = "support"): Promise<Hands> {
  await logIn(page, who);
  await page.goto("/audit");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  return new Hands(page);
}

async function scripted(page: Page): Promise<void> {
  await page.waitForLoadState();
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
}

test("1. what happened to a ticket since yesterday", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const hands = await overview(page);
  await hands.find(ticket);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`#${ticket}`);
  await expect(lines(page).first()).toContainText("priority low urgent");
  await expect(lines(page).last()).toContainText("created");
  hands.took(0, 2 + ticket.length);
});

test("2. who changed its priority, and why", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const hands = await overview(page);
  await hands.find(ticket);
  await hands.click(page.getByRole("link", { name: /^priority 1/ }));
  await expect(lines(page)).toHaveCount(1);
  await expect(lines(page)).toContainText("Support desk");
  await expect(lines(page)).toContainText("priority low urgent");
  hands.took(1, 2 + ticket.length);
});

test("3. everything that one agent did in the last hour", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const hands = await overview(page);
  await hands.find("support");
  await expect(page.getByRole("heading", { level: 1, name: "Support desk" })).toBeVisible();
  await hands.click(page.getByRole("link", { name: "Last hour" }));
  await expect(lines(page).filter({ hasText: `#${ticket}` }).first()).toContainText("priority low urgent");
  hands.took(1, 2 + "support".length);
});

test("4. what else happened in the same request", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const hands = await overview(page);
  await hands.find(ticket);
  await hands.click(lines(page).last().locator("summary").first());
  await hands.click(lines(page).last().locator("a[href*='correlation_id=']"));
  await expect(lines(page).filter({ hasText: `#${ticket}` }).first()).toBeVisible();
  hands.took(2, 2 + ticket.length);
});

test("5. how was it then, and what differs now", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await openTicket(page, { subject: "Then and now", body: "Its status will change." });
  const created = sql(`SELECT min(captured_at) FROM threadline.audit_changes WHERE table_name = 'tickets' AND table_pk = '{"id":"${ticket}"}'`);
  sql(`UPDATE tickets SET priority = 'high' WHERE id = ${ticket}`);
  const hands = await overview(page);
  await hands.find(ticket);
  await hands.click(page.getByLabel(/^Show it as it was at/));
  await hands.type(created);
  await hands.press("Enter");
  const panel = page.locator(".panel");
  await expect(panel).toContainText("Then");
  await expect(panel.getByRole("row", { name: /priority/ })).toContainText("low");
  await expect(panel.getByRole("row", { name: /priority/ })).toContainText("high");
  await expect(panel).toContainText(/\d+ fields are the same/);
  hands.took(1, 3 + ticket.length + created.length);
});

test("6. all changes of a kind in a window, as a spreadsheet", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  const hands = await overview(page);
  await hands.press("g");
  await hands.press("t");
  await scripted(page);
  await hands.press("3");
  await expect(page.getByRole("link", { name: "Last 7 d" })).toHaveAttribute("aria-current", "true");
  await scripted(page);
  await hands.click(page.locator("details.filter > summary"));
  await hands.click(page.getByRole("link", { name: "Choose from lists" }));
  await hands.click(page.getByRole("checkbox", { name: /^changed ticket priority/ }));
  await hands.click(page.getByRole("button", { name: "Show changes" }));
  const download = page.waitForEvent("download");
  await hands.click(page.getByRole("link", { name: "CSV" }));
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
  hands.took(5, 3);
});

test("7. I only know a value", async ({ page }) => {
  const word = `wombat${Date.now().toString()}@help.example`;
  await logIn(page, "support");
  await openTicket(page, { subject: "Cannot sign in", body: `My address is ${word}, since May.` });
  const hands = await overview(page);
  await hands.find(word);
  await expect(lines(page).first()).toContainText("Cannot sign in");
  hands.took(0, 2 + word.length);
});

test("8. find a record by its name", async ({ page }) => {
  const subject = `Invoice ${Date.now().toString()} is wrong`;
  await logIn(page, "support");
  const ticket = await openTicket(page, { subject, body: "It shows last month's total." });
  const hands = await overview(page);
  await hands.find(subject.slice(0, -3));
  await expect(page.getByText(`#${ticket}`).first()).toBeVisible();
  hands.took(1, 2 + subject.length);
});

test("9. I think in my own time zone", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  const hands = await overview(page);
  await hands.click(page.locator(".preferences > summary"));
  await hands.click(page.getByRole("button", { name: "Use mine" }));
  const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  await expect(page.locator("input[name=zone]")).toHaveValue(zone);
  hands.took(3, 0);
});

test("10. a link for a colleague, which shows the same tomorrow", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const hands = await overview(page);
  await hands.press("j");
  await hands.press("y");
  await expect(page.locator("#announcer")).toContainText("Copied");
  const address = await page.evaluate(() => navigator.clipboard.readText());
  await page.goto(address);
  await expect(page.locator(".change:target")).toContainText("priority");
  await expect(page.locator(".entry[open]").filter({ hasText: `#${ticket}` })).toHaveCount(1);
  hands.took(0, 2);
});

test("11. a change of many records", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  sql(`INSERT INTO tickets (customer, subject, body, priority, status)
       SELECT 'customer', 'Bulk ' || n, 'b', 'low', 'open' FROM generate_series(1, 60) AS n`);
  const hands = await overview(page);
  const line = page.locator(".entry.bulk").first();
  await expect(line).toContainText("60 tickets");
  await hands.click(line.locator("summary").first());
  await expect(line.locator(".kinds")).toContainText("created 60 tickets");
  hands.took(1, 0);
});

test("12. keep watching", async ({ page, context }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.clock.install();
  await page.goto("/audit/timeline");
  await scripted(page);
  const hands = new Hands(page);
  const other = await context.newPage();
  const ticket = await raisePriority(other);
  await other.close();
  await page.clock.runFor("00:16");
  await hands.click(page.locator(".live").getByRole("link", { name: /new change/ }));
  await expect(lines(page).filter({ hasText: `#${ticket}` }).first()).toBeVisible();
  hands.took(1, 0);
});

test("13. a deleted record", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  sql(`DELETE FROM tickets WHERE id = ${ticket}`);
  const hands = await overview(page);
  await hands.find(ticket);
  await expect(page.locator(".row-state")).toContainText("Deleted on");
  await hands.click(lines(page).first().locator("summary").first());
  await hands.click(lines(page).first().getByRole("link", { name: /^Before it was deleted/ }));
  await expect(page.locator(".panel")).toContainText("The export stops half way");
  hands.took(2, 2 + ticket.length);
});

test("14. hostile and renamed values", async ({ page }) => {
  const old = `mallory${Date.now().toString()}`;
  const renamed = `${old}<img src=x onerror=alert(1)>\u202Egnp`;
  sql(`INSERT INTO accounts (name, role, password_hash) SELECT '${old}', role, password_hash FROM accounts WHERE name = 'customer'`);
  sql(`UPDATE accounts SET name = '${renamed}' WHERE name = '${old}'`);
  const hands = await overview(page, "admin");
  await hands.find(`account ${old}`);
  await expect(page.locator(".row-state")).toContainText("<img src=x onerror=alert(1)>");
  await expect(page.locator("main img")).toHaveCount(0);
  await hands.click(page.locator(".row-state").getByRole("link", { name: /onerror/ }).first());
  await expect(page.getByRole("heading", { level: 1 })).toContainText("⟨U+202E⟩gnp");
  hands.took(1, 2 + `account ${old}`.length);
});

test("15. many columns, one changed", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  const hands = await overview(page);
  await hands.find(ticket);
  const change = lines(page).first();
  await hands.click(change.locator("summary").first());
  await expect(change.locator("table.diff tbody tr")).toHaveCount(1);
  hands.took(1, 2 + ticket.length);
});
