// Coverage and redaction: the dashboard, the pill in the header, and what is said to whom they are refused.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, logIn, sql, test } from "./support.ts";

const pill = (page: Page) => page.locator("header .pill");

/** Two periods of the help desk and what a busy machine takes on top. */
const SOON = { timeout: 25_000 };

test("the dashboard shows what is captured, what is left out and which gaps are expected", async ({ page }) => {
  await logIn(page, "admin");
  await page.goto("/audit");
  await page.getByRole("link", { name: "All tables captured" }).click();
  await expect(page).toHaveURL(/\/audit\/coverage$/);
  await expect(page.getByRole("heading", { level: 1, name: "All tables captured" })).toBeVisible();
  const captured = page.locator("#coverage-captured");
  await expect(captured.getByRole("row").filter({ hasText: "accounts" })).toContainText("left out: password_hash");
  await expect(page.locator("#coverage-expected").getByRole("row").filter({ hasText: "graphile_worker" }).first()).toContainText(
    "named in threadline.toml",
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
    ["/audit/coverage", "Coverage is unavailable", "threadline health coverage --all-schemas"],
    ["/audit/policy/redaction", "The redaction policy is unavailable", "threadline policy show --all-schemas"],
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

test("without a reload, pill and dashboard follow a trigger that is dropped and made again", async ({ page, context, complaints }) => {
  test.skip(test.info().project.use.javaScriptEnabled === false, "nothing follows without script");
  await logIn(page, "admin");
  await page.goto("/audit/timeline");
  await expect(pill(page)).toHaveText("All tables captured");
  const dashboard = await context.newPage();
  await dashboard.goto("/audit/coverage");
  // Two windows side by side: neither is out of sight.
  await page.bringToFront();

  const made = sql("SELECT string_agg(pg_get_triggerdef(oid), ';') FROM pg_trigger WHERE tgrelid = 'ticket_replies'::regclass AND NOT tgisinternal");
  const names = sql("SELECT string_agg(quote_ident(tgname), ' ') FROM pg_trigger WHERE tgrelid = 'ticket_replies'::regclass AND NOT tgisinternal");
  sql(names.split(" ").map((name) => `DROP TRIGGER ${name} ON ticket_replies`).join(";"));
  try {
    await expect(pill(page)).toHaveText("1 table needs capture", SOON);
    await dashboard.bringToFront();
    const needs = dashboard.locator("#coverage-needs");
    await expect(needs).toContainText("ticket_replies", SOON);
    await expect(needs.getByText("threadline gen triggers --tables ticket_replies --apply")).toBeVisible();
    await expect(dashboard.getByRole("heading", { level: 1, name: "1 table needs capture" })).toBeVisible();
    await expectAccessible(dashboard);
  } finally {
    sql(made);
  }
  await expect(dashboard.getByRole("heading", { level: 1, name: "All tables captured" })).toBeVisible(SOON);
  const past = dashboard.locator("#coverage-past").getByRole("row").filter({ hasText: "ticket_replies" });
  await expect(past.first()).toContainText("The table needed capture.");
  await expect(past.first()).not.toContainText("not yet");
  expect(complaints.found).toEqual([]);
});

test("the command beside a finding mends it", async ({ page }) => {
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

test("a dashboard out of sight asks nothing, and asks when it is seen again", async ({ page }) => {
  test.skip(test.info().project.use.javaScriptEnabled === false, "nothing asks without script");
  await logIn(page, "admin");
  await page.clock.install();
  let asked = 0;
  await page.route("**/audit/api/coverage", (route) => {
    asked++;
    return route.fulfill({ json: { uncovered: 3, age: 0, is_stale: false, next: 30_000 } });
  });
  await page.goto("/audit/coverage");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const show = (state: string) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await show("hidden");
  await page.clock.runFor("05:00");
  expect(asked).toBe(0);
  await show("visible");
  await expect(pill(page)).toHaveText("3 tables need capture");
  expect(asked).toBe(1);
});

test("without an answer the pill says how old it is, and goes on asking", async ({ page, complaints }) => {
  test.skip(test.info().project.use.javaScriptEnabled === false, "nothing asks without script");
  complaints.expectStatus(503);
  await logIn(page, "admin");
  await page.clock.install();
  await page.route("**/audit/api/coverage", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto("/audit/coverage");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.clock.runFor("00:31");
  await expect(page.locator("header .stale")).toContainText("stale, checked");
  await expect(page.getByText("The application does not answer.")).toBeVisible();
  await expectAccessible(page);
  await page.unroute("**/audit/api/coverage");
  await page.clock.runFor("00:16");
  await expect(page.locator("header .stale")).toBeHidden();
  await expect(page.getByText("The application does not answer.")).toBeHidden();
});
