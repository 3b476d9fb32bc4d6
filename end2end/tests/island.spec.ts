// The island is alive: what it does is observed, not what it looks like.
import { expect, logIn, test } from "./support.ts";

test("a click copies the whole id", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  const id = page.locator(".id").first();
  const whole = await id.getByRole("link").getAttribute("title");
  await id.getByRole("button", { name: "Copy transaction" }).click();
  await expect(id.getByRole("status")).toHaveText("Copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(whole);
});

test("where the browser keeps the clipboard closed, the id is selected for the keyboard", async ({ page, baseURL }) => {
  const port = new URL(baseURL ?? "").port;
  await page.goto(`http://helpdesk.test:${port}/login`);
  await page.getByLabel("Name").fill("support");
  await page.getByLabel("Password").fill("support-demo");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("link", { name: "Audit" }).click();
  const id = page.locator(".id").first();
  const whole = await id.getByRole("link").getAttribute("title");
  await id.getByRole("button", { name: "Copy transaction" }).click();
  await expect(id.getByRole("status")).toHaveText("Press Ctrl and C to copy");
  await expect(id.getByRole("textbox")).toBeFocused();
  expect(await page.evaluate(() => document.getSelection()?.toString())).toBe(whole);
});

test("without script there is no dead button, and the id is there to read", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: false });
  const page = await context.newPage();
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await expect(page.locator(".id").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Copy transaction" })).toHaveCount(0);
  await page.locator(".id a").first().click();
  await expect(page.locator(".id").first()).toContainText(/[0-9a-f]{8}-[0-9a-f-]{27}/);
  await context.close();
});
