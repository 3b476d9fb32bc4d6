// The database goes away and comes back while people are reading.
import { execFileSync } from "node:child_process";

import { expect, expectAccessible, logIn, test } from "./support.ts";

function postgres(action: "start" | "stop"): void {
  execFileSync(process.env.THREADLINE_XTASK ?? "", ["postgres", action, "--browser"], { stdio: "inherit" });
}

test.afterAll(() => postgres("start"));

test("without the database the console says so, and recovers by itself", async ({ page, complaints }) => {
  complaints.expectStatus(503);
  await logIn(page, "support");
  await page.goto("/audit/timeline?table=tickets");
  await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();

  postgres("stop");
  const response = await page.reload();
  expect(response?.status()).toBe(503);
  await expect(page.getByRole("heading", { level: 1, name: "The audit trail does not answer" })).toBeVisible();
  await expectAccessible(page);
  await page.goto("/");
  await expect(page.getByText("The database does not answer")).toBeVisible();
  await page.goBack();

  postgres("start");
  await page.getByRole("link", { name: "Try again" }).click();
  await expect(page).toHaveURL(/timeline\?table=tickets$/);
  await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Tickets" })).toBeVisible();
});

test("an open dashboard keeps the last answer while the database is away, and goes on by itself", async ({ page }) => {
  await logIn(page, "admin");
  await page.goto("/audit/coverage");
  await expect(page.getByRole("heading", { level: 1, name: "All tables captured" })).toBeVisible();
  const soon = { timeout: 90_000 };

  postgres("stop");
  await expect(page.locator("#coverage-verdict").getByRole("status")).toContainText("Checks have failed since", soon);
  await expect(page.getByRole("heading", { level: 1, name: "All tables captured" })).toBeVisible();
  await expect(page.locator("#coverage-captured").getByRole("row").filter({ hasText: "tickets" })).toBeVisible();
  await expect(page.locator("header .stale")).toContainText("stale, checked");
  await expectAccessible(page);

  postgres("start");
  await expect(page.locator("#coverage-verdict").getByRole("status")).toBeHidden(soon);
  await expect(page.locator("header .stale")).toBeHidden();
});
