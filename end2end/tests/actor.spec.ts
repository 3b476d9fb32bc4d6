// What one actor did, in windows.
import { expect, lines, logIn, raisePriority, test } from "./support.ts";

test("an actor's changes are listed by window, one line each", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit/actors/user/support");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Support desk");
  const windows = page.getByRole("navigation", { name: "Window" });
  await expect(windows.locator("[aria-current]")).toHaveText("Last 24 hours");
  await expect(lines(page).first()).toContainText(/#\d+ /);
  await windows.getByRole("link", { name: "Last hour" }).click();
  await expect(page).toHaveURL(/\/audit\/actors\/user\/support\?window=1h$/);
  await expect(windows.locator("[aria-current]")).toHaveText("Last hour");
  await expect(lines(page).filter({ hasText: "changed ticket priority" }).first()).toBeVisible();

  await page.getByRole("link", { name: "Show the changes in the timeline" }).click();
  await expect(page).toHaveURL(/timeline\?actor=user%3Asupport&from=/);
  await page.goBack();
  await page.getByRole("navigation", { name: "Breadcrumbs" }).getByRole("link", { name: "Users" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("All users");
});

test("nobody did nothing: the page says so and offers a way on", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/actors/user/nobody-of-this-name");
  await expect(page.getByRole("heading", { name: "No transaction of user:nobody-of-this-name is recorded" })).toBeVisible();
  await page.getByRole("link", { name: "All users" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("All users");
});
