// One transaction whole, on the screen and on paper.
import type { Page } from "@playwright/test";

import { expect, lines, logIn, openLine, raisePriority, test } from "./support.ts";

/** Opens the transaction of the newest change of a priority. */
async function openNewest(page: Page): Promise<void> {
  const line = lines(page).filter({ hasText: "changed ticket priority" }).first();
  await (await openLine(line)).locator("a[href*='/transactions/']").click();
  await page.waitForURL(/transactions/);
}

test("a transaction tells who, when and why, and what to ask next", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit");
  await openNewest(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Support desk · changed ticket priority");
  await expect(page.getByRole("heading", { name: "1 change in 1 table" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "The same request" })).toBeVisible();

  const elsewhere = page.getByRole("navigation", { name: "From here" });
  await elsewhere.getByRole("link", { name: "What Support desk did an hour before and after" }).click();
  await expect(page).toHaveURL(/actor=user%3Asupport&from=.*&to=/);
  await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();
  await page.goBack();
  await page.getByRole("heading", { level: 1 }).getByRole("link", { name: "Support desk" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Support desk");
});

test("on paper there is the transaction and nothing to click", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit");
  await openNewest(page);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "priority" })).toBeVisible();
  await expect(page.getByRole("banner")).toBeHidden();
  await expect(page.getByRole("navigation", { name: "From here" })).toBeHidden();
  await expect(page.getByRole("navigation", { name: "Breadcrumbs" })).toBeHidden();
  // Dark ink on white paper, whatever the theme on the screen.
  const ink = await page.getByRole("heading", { level: 1 }).evaluate((heading) => getComputedStyle(heading).color);
  expect(ink).toBe("rgb(17, 24, 39)");
});

test("the address of a change shows it, although its line was closed", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit/timeline?from=");
  const change = await openLine(lines(page).nth(2));
  const id = (await change.getAttribute("id")) ?? "";
  await page.goto("/audit/help");
  await page.goto(`/audit/timeline?from=#${id}`);
  await expect(page.locator(`#${id}:target`)).toBeVisible();
  await expect(page.locator(`#${id}:target`)).toBeInViewport();
  await expect(page.locator(".change:visible")).toHaveCount(1);
});
