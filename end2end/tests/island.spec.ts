// The islands are alive: what they do is observed, not what they look like.
import type { Page } from "@playwright/test";

import { expect, lines, logIn, openLine, raisePriority, test } from "./support.ts";

async function openTimeline(page: Page): Promise<void> {
  await page.goto("/audit/timeline");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
}

test("a click copies the whole id", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await logIn(page, "support");
  await page.clock.install();
  await openTimeline(page);
  // A slow machine would look when the two seconds of "Copied" are over.
  await page.clock.pauseAt(Date.now() + 5_000);
  const id = (await openLine(lines(page).first())).locator(".id").first();
  const whole = await lines(page).first().getAttribute("data-copy-id");
  const button = id.getByRole("button", { name: "Copy transaction" });
  await button.click();
  await expect(button).toHaveText("Copied");
  await page.clock.runFor("00:01");
  await expect(page.locator("#announcer")).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(whole);
  await page.clock.runFor("00:02");
  await expect(button).toHaveText("Copy");
});

test("where the browser keeps the clipboard closed, the id is selected for the keyboard", async ({ page, baseURL }) => {
  const port = new URL(baseURL ?? "").port;
  await page.goto(`http://helpdesk.test:${port}/login`);
  await page.getByLabel("Name").fill("support");
  await page.getByLabel("Password").fill("support-demo");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.goto(`http://helpdesk.test:${port}/audit/timeline`);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const id = (await openLine(lines(page).first())).locator(".id").first();
  const whole = await lines(page).first().getAttribute("data-copy-id");
  const button = id.getByRole("button", { name: "Copy transaction" });
  await button.click();

  const dialog = page.getByRole("dialog", { name: "Press Ctrl and C to copy" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("textbox", { name: "Value, selected for copying" })).toBeFocused();
  expect(await page.evaluate(() => document.getSelection()?.toString())).toBe(whole);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(button).toBeFocused();
});

test("without script there is no dead button, and the id is there to read", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false });
  const page = await context.newPage();
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await openLine(lines(page).first());
  await expect(page.locator(".id").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Copy transaction" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Pause" })).toHaveCount(0);
  await expect(page.locator(".live"), "nor room for what needs script").toBeHidden();
  await page.locator(".id a").first().click();
  await expect(page.locator(".id").first()).toContainText(/[0-9a-f]{8}-[0-9a-f-]{27}/);
  await context.close();
});

test("a time tells the reader's own zone when it is pointed at", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, timezoneId: "Asia/Tokyo" });
  const page = await context.newPage();
  await logIn(page, "support");
  await openTimeline(page);
  const time = page.locator("[data-entry] time").first();
  const exact = (await time.getAttribute("datetime")) ?? "";
  await time.hover();
  const hour = String((new Date(exact).getUTCHours() + 9) % 24).padStart(2, "0");
  const rest = exact.slice(13, 19);
  await expect(time).toHaveAttribute("title", new RegExp(`^${exact}\\n.* ${hour}${rest} (JST|GMT\\+9) \\(your time\\)$`));
  await expect(time, "the page itself stays in UTC").toHaveText(exact.slice(11, 19));
  await context.close();
});

/** Where the list of entries ends, and the way on. */
const older = (page: Page) => page.locator(".pager a[rel=next]");
const ids = (page: Page) =>
  page.locator("[data-entry]").evaluateAll((all) => all.map((entry) => entry.getAttribute("data-copy-id")));

test("scrolling brings older entries, keeps the address in step, and a reload comes to the place", async ({ page }) => {
  await logIn(page, "support");
  for (let tickets = 0; tickets < 8; tickets++) {
    await raisePriority(page);
  }
  await openTimeline(page);
  const first = page.url();
  const newest = await ids(page);
  const second = new URL((await older(page).getAttribute("href")) ?? "", first);
  await page.keyboard.press("End");
  await expect.poll(async () => (await ids(page)).length).toBeGreaterThan(newest.length);
  expect((await ids(page)).slice(0, newest.length), "what is there stays").toEqual(newest);
  await expect(page.locator(".pager").getByRole("status")).toHaveText(
    /^\d+ shown$/,
  );
  const days = await page.locator("#entries .day").allTextContents();
  expect(new Set(days).size, "no day comes twice").toBe(days.length);

  const loaded = (await lines(page).nth(newest.length).locator(".change").getAttribute("id")) ?? "";
  const entry = page.locator("[data-address]").filter({ has: page.locator(`#${loaded}`) });
  await entry.evaluate((element) => element.scrollIntoView({ block: "start" }));
  await expect(page).toHaveURL(second.href);
  await page.reload();
  await expect(page).toHaveURL(second.href);
  const line = lines(page).filter({ has: page.locator(`#${loaded}`) });
  await expect(line).toBeInViewport();

  await (await openLine(line)).getByRole("link", { name: /…/ }).first().click();
  await expect(page).toHaveURL(/transactions/);
  await page.goBack();
  await expect(page).toHaveURL(second.href);
  await expect(line).toBeInViewport();
});

test("when older entries cannot be loaded, the link to them stays", async ({ page, complaints }) => {
  complaints.expectStatus(503);
  await logIn(page, "support");
  await openTimeline(page);
  const before = await ids(page);
  const href = (await older(page).getAttribute("href")) ?? "";
  const refuse = (url: URL) => url.searchParams.has("older");
  await page.route(refuse, (route) => route.fulfill({ status: 503, body: "" }));
  await page.keyboard.press("End");
  await expect(page.locator("#announcer")).toHaveText(/^Older entries could not be loaded/);
  expect(await ids(page)).toEqual(before);
  await page.unroute(refuse);
  await older(page).click();
  await expect(page).toHaveURL(new URL(href, page.url()).href);
});
