// Changes that happen while somebody reads. The clock is the test's, so nothing waits for real seconds.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, logIn, raisePriority, show, test } from "./support.ts";

const live = (page: Page) => page.locator(".live");
const POLL = "**/api/newer_changes?*";

/** What the server answers for so many new changes. */
const newer = (count: number, late = 0, truncated = false) => ({ json: { count, late, truncated } });

/** Opens the newest page of the timeline under a clock that stands still. */
async function openTimeline(page: Page, query = ""): Promise<void> {
  await logIn(page, "support");
  await raisePriority(page);
  await page.clock.install();
  await page.goto(`/audit/timeline${query}`);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
}

/** Lets a quarter of a minute pass and answers what the server was asked. */
async function nextPoll(page: Page): Promise<number> {
  const response = page.waitForResponse(POLL);
  await page.clock.runFor("00:16");
  return (await response).status();
}

test("new changes are counted and offered, and what is read does not move", async ({ page, context }) => {
  await openTimeline(page);
  await expect(live(page)).toContainText("Live.");
  expect(await nextPoll(page)).toBe(200);
  await expect(live(page).getByRole("link")).toHaveCount(0);
  const newest = page.locator("[data-entry]").first();
  const id = await newest.getAttribute("data-copy-id");
  const before = await newest.boundingBox();

  const other = await context.newPage();
  await raisePriority(other);
  await other.close();
  await nextPoll(page);
  const link = live(page).getByRole("link", { name: /^\d+ new changes?$/ });
  await expect(link).toBeVisible();
  await expect(page).toHaveTitle(/^\(\d+\) Timeline/);
  await expect(live(page).getByRole("status")).toContainText("new change");
  expect(await newest.getAttribute("data-copy-id")).toBe(id);
  expect(await newest.boundingBox()).toEqual(before);

  const query = new URL(page.url()).search;
  await link.click();
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  expect(decodeURIComponent(new URL(page.url()).search)).toBe(decodeURIComponent(query));
  expect(await page.locator("[data-entry]").first().getAttribute("data-copy-id")).not.toBe(id);
});

test("a filter holds for new changes too", async ({ page, context }) => {
  await openTimeline(page, "?table=ticket_replies&from=2020-01-01T00:00");
  const other = await context.newPage();
  await raisePriority(other);
  await other.close();
  expect(await nextPoll(page)).toBe(200);
  await expect(live(page)).toContainText("Live.");
  await expect(live(page).getByRole("link")).toHaveCount(0);
});

test("a hundred is enough", async ({ page }) => {
  await openTimeline(page);
  await page.route(POLL, (route) => route.fulfill(newer(100, 0, true)));
  await nextPoll(page);
  await expect(live(page).getByRole("link", { name: "100 or more new changes" })).toBeVisible();
});

test("changes that committed late are told apart", async ({ page }) => {
  await openTimeline(page);
  await page.route(POLL, (route) => route.fulfill(newer(3, 1)));
  await nextPoll(page);
  const link = live(page).getByRole("link", { name: "3 new changes, 1 of them with an earlier time" });
  await expect(link).toBeVisible();
});

test("where changes may be missing it says so", async ({ page }) => {
  await openTimeline(page);
  await page.route(POLL, (route) => route.fulfill(newer(0, 0, true)));
  await nextPoll(page);
  await expect(live(page)).toContainText("may be missing: reload it to see them.");
  await expect(live(page).getByRole("link")).toHaveCount(0);
  await expect(page).toHaveTitle(/^Timeline/);
  await expectAccessible(page);
});

test("paused, it asks nothing", async ({ page }) => {
  await openTimeline(page);
  let asked = 0;
  await page.route(POLL, (route) => {
    asked++;
    return route.fulfill(newer(7));
  });
  const pause = live(page).getByRole("button", { name: "Pause" });
  await pause.click();
  await expect(pause).toHaveAttribute("aria-pressed", "true");
  await expect(live(page)).toContainText("Live updates are paused.");
  await page.clock.runFor("02:00");
  expect(asked).toBe(0);
  await pause.click();
  await expect(pause).toHaveAttribute("aria-pressed", "false");
  await nextPoll(page);
  await expect(live(page).getByRole("link", { name: "7 new changes" })).toBeVisible();
});

test("out of sight it asks nothing, and in sight again it asks", async ({ page }) => {
  await openTimeline(page);
  let asked = 0;
  await page.route(POLL, (route) => {
    asked++;
    return route.fulfill(newer(1));
  });
  await show(page, "hidden");
  await page.clock.runFor("05:00");
  expect(asked).toBe(0);
  await show(page, "visible");
  await expect(live(page).getByRole("link", { name: "1 new change" })).toBeVisible();
});

test("without an answer it says so and asks again, less often", async ({ page, complaints }) => {
  complaints.expectStatus(503);
  await openTimeline(page);
  let asked = 0;
  await page.route(POLL, (route) => {
    asked++;
    return route.fulfill({ status: 503, body: "" });
  });
  await nextPoll(page);
  await expect(live(page)).toContainText("Live updates stopped: the server does not answer.");
  await page.clock.runFor("00:16");
  expect(asked, "twice as long after a failure").toBe(1);
  await nextPoll(page);
  expect(asked).toBe(2);
  await expectAccessible(page);

  await page.unroute(POLL);
  await page.route(POLL, (route) => route.fulfill(newer(0)));
  const answered = page.waitForResponse(POLL);
  await page.clock.runFor("01:01");
  expect((await answered).status()).toBe(200);
  await expect(live(page)).toContainText("Live.");
});

test("when the session has ended it says so and stops", async ({ page, complaints }) => {
  complaints.expectStatus(403);
  await openTimeline(page);
  await page.context().clearCookies();
  expect(await nextPoll(page)).toBe(403);
  await expect(live(page)).toContainText("Live updates stopped: your session has ended.");
  await expect(live(page).getByRole("button")).toBeHidden();
  await expectAccessible(page);
  let asked = 0;
  page.on("request", (request) => {
    asked += request.url().includes("/api/newer_changes") ? 1 : 0;
  });
  await page.clock.runFor("10:00");
  expect(asked).toBe(0);
});

test("the age of a change stays right while the page is open", async ({ page }) => {
  await openTimeline(page);
  const time = page.locator("[data-entry] > summary > time").first();
  await expect(time).toHaveAttribute("data-age", /^(now|1 min)$/);
  await page.clock.fastForward("03:00:30");
  await expect(time).toHaveAttribute("data-age", "3 h");
});
