// Pages instead of an answer: what happened, what to do, and what to tell support.
import { expect, logIn, test } from "./support.ts";

for (const [address, status, title] of [
  ["/audit/nowhere", 404, "Page not found"],
  ["/audit/transactions/0193c2aa-0000-7000-8000-00000000008d", 404, "Not found"],
  ["/audit/transactions/17", 400, "This address has a mistake"],
  ["/audit/actors/robot/1", 400, "There is no such actor"],
  ["/audit/actors/user/1?window=2h", 400, "This address has a mistake"],
] as const) {
  test(`${address} says what is wrong and leads on`, async ({ page, complaints }) => {
    complaints.expectStatus(status);
    await logIn(page, "support");
    const response = await page.goto(address);
    expect(response?.status()).toBe(status);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
    await expect(page.getByText("If you ask for help, mention:")).toBeVisible();
    await expect(page.locator(".reference time")).toHaveAttribute("datetime", /^\d{4}-\d\d-\d\dT.*Z$/);
    await page.getByRole("main").getByRole("link", { name: "Go to the overview" }).click();
    await expect(page).toHaveURL(/\/audit$/);
  });
}

test("whoever is refused learns how to get in, and nothing else", async ({ page, complaints }) => {
  complaints.expectStatus(403);
  await logIn(page, "customer");
  const response = await page.goto("/audit/actors/user/support");
  expect(response?.status()).toBe(403);
  await expect(page.getByText("The audit console is for staff. Ask an administrator for an account.")).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText("support");
});
