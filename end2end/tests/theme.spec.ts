// The theme is chosen in the header, holds from the first paint on, and needs no script.
import type { Page } from "@playwright/test";

import { expect, logIn, test } from "./support.ts";

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const LIGHT = "rgb(247, 248, 250)";
const DARK = "rgb(12, 18, 32)";

test("a theme applies at once and stays", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  expect(await background(page)).toBe(LIGHT);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.locator("summary", { hasText: "Preferences" }).click();

  const remembered = page.waitForResponse((response) => response.url().endsWith("/audit/preferences"));
  await page.getByRole("button", { name: "Dark" }).click();
  expect(await background(page)).toBe(DARK);
  await expect(page.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("button", { name: "System" })).toHaveAttribute("aria-pressed", "false");
  expect((await remembered).status()).toBe(303);
  await expect(page, "the page is not left").toHaveURL(/\/audit\/timeline/);

  await page.goto("/audit/timeline");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await background(page)).toBe(DARK);

  await page.locator("summary", { hasText: "Preferences" }).click();
  const again = page.waitForResponse((response) => response.url().endsWith("/audit/preferences"));
  await page.getByRole("button", { name: "System" }).click();
  expect(await background(page)).toBe(LIGHT);
  await again;
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await background(page)).toBe(DARK);
});

test("without script the form comes back to the same page in its new colours", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false, colorScheme: "light" });
  const page = await context.newPage();
  await logIn(page, "support");
  await page.goto("/audit/timeline?table=tickets&from=2020-01-01T00:00");
  const address = page.url();
  await page.locator("summary", { hasText: "Preferences" }).click();
  await expect(page.getByRole("button", { name: "Keyboard shortcuts" })).toHaveCount(0);
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(decodeURIComponent(page.url())).toBe(decodeURIComponent(address));
  await context.close();
});

test("when the server does not answer, the theme applies and the operator is told", async ({ page, complaints }) => {
  complaints.expectStatus(503);
  await page.emulateMedia({ colorScheme: "light" });
  await logIn(page, "support");
  await page.route("**/audit/preferences", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto("/audit/timeline");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.locator("summary", { hasText: "Preferences" }).click();
  await page.getByRole("button", { name: "Dark" }).click();
  expect(await background(page)).toBe(DARK);
  await expect(page.locator("#announcer")).toHaveText("The theme was not saved: the server did not answer.");
});
