// The dashboard and the pill while one looks at them: they follow what happens.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, logIn, sql, show, test } from "./support.ts";

const pill = (page: Page) => page.locator("header .pill");

/** Two periods of the help desk and what a busy machine takes on top. */
const SOON = { timeout: 60_000 };

test("without a reload, pill and dashboard follow a trigger that is dropped and made again", async ({ page, context, complaints }) => {
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

test("a dashboard out of sight asks nothing, and asks when it is seen again", async ({ page }) => {
  await logIn(page, "admin");
  await page.clock.install();
  let asked = 0;
  await page.route("**/audit/api/coverage", (route) => {
    asked++;
    return route.fulfill({ json: { uncovered: 3, age: 0, is_stale: false, next: 30_000 } });
  });
  await page.goto("/audit/coverage");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await show(page, "hidden");
  await page.clock.runFor("05:00");
  expect(asked).toBe(0);
  await show(page, "visible");
  await expect(pill(page)).toHaveText("3 tables need capture");
  expect(asked).toBe(1);
});

test("without an answer the pill says how old it is, and goes on asking", async ({ page, complaints }) => {
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
