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
      await expect(page.getByRole("heading", { level: 1, name: "You cannot open this page" })).toBeVisible();
      await expect(page.locator("main")).not.toContainText("ticket");
    }
  });
}

test("support sees tickets and replies only; admin sees an unscoped console", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  await expect(page.getByText("Scoped view")).toBeVisible();
  await expect(page.getByLabel("Table").locator("option")).toHaveText(["All tables", "ticket_replies", "tickets"]);
  await logIn(page, "admin");
  await page.goto("/audit/");
  await expect(page).toHaveURL(/\/audit$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Nothing needs attention");
  await expect(page.getByText("Scoped view")).toBeHidden();
  await expect(page.locator(".operator")).toHaveText("Signed in as admin:admin");
});

test("a mistake in the address names its field and offers a way back", async ({ page, complaints }) => {
  complaints.expectStatus(400, 404);
  await logIn(page, "support");
  for (const [address, status, message] of [
    ["/audit/timeline?from=yesterday", 400, 'from is "yesterday"'],
    ["/audit/timeline?older=17", 400, 'older is "17"'],
    ["/audit/timeline?colour=red", 400, "colour is"],
    ["/audit/transactions/17", 400, 'transaction id is "17"'],
    ["/audit/transactions/0193c2aa-0000-7000-8000-00000000008d", 404, "does not exist"],
    ["/audit/nowhere", 404, "no page at this address"],
  ] as const) {
    const response = await page.goto(address);
    expect(response?.status(), address).toBe(status);
    await expect(page.getByRole("main")).toContainText(message);
    await page.getByRole("link", { name: "Go to the timeline" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();
  }
});
