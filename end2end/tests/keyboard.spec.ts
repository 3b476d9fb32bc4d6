// The whole timeline without a mouse.
import type { Page } from "@playwright/test";

import { expect, findField, lines, logIn, test } from "./support.ts";

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
  for (const key of ["j", "k", "o", "O", "c", "/", "f", "?", "Escape"]) {
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
  await expect(lines(page).first().locator("summary")).toBeFocused();
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
  await expect(lines(page).first().locator("summary")).toBeFocused();
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
