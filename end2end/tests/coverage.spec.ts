// Coverage and redaction: the dashboard, the pill in the header, and what is said to whom they are refused.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, logIn, sql, test } from "./support.ts";

const pill = (page: Page) => page.locator("header .pill");

/** Two periods of the help desk and what a busy machine takes on top. */
const SOON = { timeout: 60_000 };

test("the dashboard shows what is captured, what is excluded and which gaps are expected", async ({ page }) => {
  await logIn(page, "admin");
  await page.goto("/audit");
  await page.getByRole("link", { name: "All tables captured" }).click();
  await expect(page).toHaveURL(/\/audit\/coverage$/);
  await expect(page.getByRole("heading", { level: 1, name: "All tables captured" })).toBeVisible();
  const captured = page.locator("#coverage-captured");
  await expect(captured.getByRole("row").filter({ hasText: "accounts" })).toContainText("excluded: password_hash");
  await expect(page.locator("#coverage-expected").getByRole("row").filter({ hasText: "graphile_worker" }).first()).toContainText(
    "listed in threadline.toml",
  );
  await page.getByLabel("Schema").selectOption("graphile_worker");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(/\/audit\/coverage\?schema=graphile_worker$/);
  await expect(captured).toContainText("No table is captured yet.");
  await page.getByRole("button", { name: "Check now" }).click();
  await expect(page).toHaveURL(/\/audit\/coverage\?schema=graphile_worker$/);
  await expect(page.getByText(/^Last checked at/)).toBeVisible();
  await page.goto("/audit/coverage");
  await captured.getByRole("link", { name: "tickets", exact: true }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?table=tickets$/);
});

test("redaction is shown as configured and as deployed", async ({ page }) => {
  await logIn(page, "admin");
  await page.goto("/audit/policy/redaction");
  await expect(page.getByRole("heading", { level: 1, name: "Redaction is as configured" })).toBeVisible();
  await page.locator("summary", { hasText: "accounts" }).click();
  await expect(page.getByRole("row").filter({ hasText: "Deployed" }).filter({ hasText: "password_hash" })).toBeVisible();
  await expectAccessible(page);
});

test("whom the hook refuses sees no pill, and the command that gives the same answer", async ({ page, complaints }) => {
  complaints.expectStatus(403);
  await logIn(page, "support");
  for (const [path, title, command] of [
    ["/audit/coverage", "You may not see coverage", "threadline health coverage --all-schemas"],
    ["/audit/policy/redaction", "You may not see the redaction policy", "threadline policy show --all-schemas"],
  ]) {
    const response = await page.goto(path);
    expect(response?.status()).toBe(403);
    await expect(page.getByRole("heading", { level: 1, name: title })).toBeVisible();
    await expect(page.getByText(command)).toBeVisible();
    await expect(pill(page)).toHaveCount(0);
  }
  await page.goto("/audit");
  await expect(pill(page)).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Coverage" })).toHaveCount(0);
});

test("the command beside a finding fixes it", async ({ page }) => {
  await logIn(page, "admin");
  sql("ALTER TABLE tickets DISABLE TRIGGER ALL");
  try {
    await page.goto("/audit/coverage");
    await expect
      .poll(async () => {
        await page.getByRole("button", { name: "Check now" }).click();
        return page.getByRole("heading", { level: 1 }).textContent();
      }, SOON)
      .toBe("1 table needs capture");
    const finding = page.locator("[data-code=capture_trigger_disabled]").first();
    sql((await finding.locator("code").textContent()) ?? "");
    await expect
      .poll(async () => {
        await page.getByRole("button", { name: "Check now" }).click();
        return page.getByRole("heading", { level: 1 }).textContent();
      }, SOON)
      .toBe("All tables captured");
  } finally {
    sql("ALTER TABLE tickets ENABLE TRIGGER ALL");
  }
});
