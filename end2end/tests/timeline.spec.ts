// The timeline's filter, windows and pages as a person meets them.
import type { Page } from "@playwright/test";

import { expect, logIn, raisePriority, test } from "./support.ts";

const timeline = (page: Page) => page.getByRole("heading", { level: 1, name: "Timeline" });

test("a record is found by its number, and its chips lead back to everything", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit/timeline");
  await page.getByLabel("Table", { exact: true }).fill("tickets");
  await page.getByLabel("Record", { exact: true }).fill(ticket);
  await page.getByText("More filters").click();
  await page.getByLabel("Operation", { exact: true }).selectOption("update");
  await page.getByLabel("Changed field", { exact: true }).fill("priority");
  await page.getByRole("button", { name: "Apply" }).click();

  await expect(page).toHaveURL(new RegExp(`\\?table=tickets&key=id%3D${ticket}&operation=update&field=priority&from=[^&]*$`));
  await expect(page.getByText("1 change", { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByLabel("Record", { exact: true })).toHaveValue(`id=${ticket}`);
  await expect(page.getByLabel("Operation", { exact: true })).toBeVisible();

  const chips = page.getByRole("list", { name: "Active filters" }).getByRole("listitem");
  await expect(chips).toHaveCount(5);
  for (const name of ["Remove changed field filter", "Remove operation filter", "Remove window"]) {
    await page.getByRole("link", { name }).click();
    await expect(page.getByRole("link", { name })).toHaveCount(0);
  }
  await page.getByRole("link", { name: "Remove table filter" }).click();
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

test("a mistake is shown at its field, which keeps what was typed and has the focus", async ({ page, complaints }) => {
  complaints.expectStatus(400);
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await page.getByLabel("Actor", { exact: true }).fill("nobody:1");
  await page.getByLabel("Action", { exact: true }).fill("ticket.opened");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("alert")).toContainText('actor is "nobody:1"');
  const actor = page.getByLabel("Actor", { exact: true });
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
  const first = page.getByRole("article").first();
  const entry = (await first.getAttribute("data-copy-id")) ?? "";
  const address = page.url();
  await page.reload();
  await expect(first).toHaveAttribute("data-copy-id", entry);
  await first.locator('.id a[href*="/transactions/"]').click();
  await expect(timeline(page)).toHaveCount(0);
  await page.goBack();
  await expect(page).toHaveURL(address);
  await expect(first).toHaveAttribute("data-copy-id", entry);
});
