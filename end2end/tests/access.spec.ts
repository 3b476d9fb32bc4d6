// Closed to everybody but the staff; mistakes are answered with a page.
import { expect, logIn, test } from "./support.ts";

const addresses = [
  "/audit",
  "/audit/",
  "/audit/timeline",
  "/audit/timeline?from=x",
  "/audit/transactions/0193c2aa-0000-7000-8000-00000000008d",
  "/audit/transactions/x",
  "/audit/nowhere",
];

for (const who of ["nobody", "customer"] as const) {
  test(`${who} is refused at every address of the console`, async ({ page, complaints }) => {
    complaints.expectStatus(403);
    if (who === "customer") {
      await logIn(page, who);
    }
    for (const address of addresses) {
      const response = await page.goto(address);
      expect(response?.status(), address).toBe(403);
      const name = who === "nobody" ? "Sign in to see this page" : "You may not open this page";
      await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
      await expect(page.locator("main")).not.toContainText("ticket");
    }
  });
}

test("support sees tickets and replies only; admin sees an unscoped console", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await expect(page.getByText("Limited to 2 tables")).toBeVisible();
  await expect(page.locator("#captured-tables option")).toHaveCount(2);
  await logIn(page, "admin");
  await page.goto("/audit/");
  await expect(page).toHaveURL(/\/audit$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Nothing needs attention");
  await expect(page.getByText("Limited to 2 tables")).toBeHidden();
  await expect(page.locator(".operator")).toHaveText("Signed in as Administrator");
});

test("a mistake in the address of the timeline is named, and the filter is there to correct it", async ({ page, complaints }) => {
  complaints.expectStatus(400);
  await logIn(page, "support");
  for (const [query, message] of [
    ["from=some+day", 'from is "some day"'],
    ["older=17", 'older is "17"'],
    ["colour=red", 'a part "colour" that the timeline does not know'],
  ]) {
    const response = await page.goto(`/audit/timeline?${query}`);
    expect(response?.status(), query).toBe(400);
    await expect(page.getByRole("alert")).toContainText(new RegExp(message, "i"));
    await page.getByRole("alert").getByRole("link", { name: "Last 24 hours" }).click();
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();
  }
});
