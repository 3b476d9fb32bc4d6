// Every screen in both themes and three widths: accessible, and never wider than the window. The pictures in `output` are
// for looking at.
import type { Page } from "@playwright/test";

import { expect, expectAccessible, expectNoSidewaysScroll, logIn, raisePriority, test } from "./support.ts";

// A trace of pages this long takes longer than the test itself.
test.use({ trace: "off" });

const screens: { name: string; open: (page: Page) => Promise<unknown> }[] = [
  { name: "timeline", open: (page) => page.goto("/audit/timeline") },
  { name: "filtered", open: (page) => page.goto("/audit/timeline?table=tickets&from=2020-01-01T00:00") },
  { name: "no-match", open: (page) => page.goto("/audit/timeline?to=2020-01-01T00:00") },
  {
    name: "transaction",
    open: async (page) => {
      await page.goto("/audit/timeline");
      await page.locator(".id a").first().click();
      await page.waitForURL(/transactions/);
    },
  },
  { name: "bad-request", open: (page) => page.goto("/audit/timeline?from=yesterday") },
  { name: "not-found", open: (page) => page.goto("/audit/nowhere") },
  { name: "helpdesk-list", open: (page) => page.goto("/") },
  { name: "helpdesk-new", open: (page) => page.goto("/tickets/new") },
  { name: "helpdesk-ticket", open: (page) => page.goto("/tickets/1") },
];

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [320, 768, 1440]) {
    test(`every screen, ${colorScheme}, ${width} px wide`, async ({ page, complaints }, info) => {
      complaints.expectStatus(400, 403, 404);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const look = async (name: string) => {
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await page.screenshot({ path: info.outputPath(`${name}.png`) });
      };
      await page.goto("/audit");
      await look("forbidden");
      await page.goto("/login");
      await look("helpdesk-login");
      await logIn(page, "support");
      await raisePriority(page);
      for (const screen of screens) {
        await screen.open(page);
        await look(screen.name);
      }
    });
  }
}

test("on a phone the navigation and the filter fold away and open without script", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false, viewport: { width: 320, height: 700 } });
  const page = await context.newPage();
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  const timeline = page.getByRole("navigation", { name: "Audit menu" }).getByRole("link", { name: "Timeline" });
  await expect(timeline).toBeHidden();
  await page.locator("summary", { hasText: "Menu" }).click();
  await expect(timeline).toBeVisible();
  await expect(page.getByLabel("Table")).toBeHidden();
  await page.locator("summary", { hasText: "Filter" }).click();
  await expect(page.getByLabel("Table")).toBeVisible();
  await context.close();
});
