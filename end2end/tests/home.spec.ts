// The overview: a verdict, what happened last, and the forms to start from.
import { expect, isScripted, lines, logIn, openLine, raisePriority, test } from "./support.ts";

test("the overview says what needs attention and shows what happened last", async ({ page }) => {
  await logIn(page, "admin");
  await raisePriority(page);
  await page.goto("/audit");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Nothing needs attention");
  await expect(page.getByText(/^Checked .+: 3 tables are captured, each as it was set up\.$/)).toBeVisible();
  const newest = lines(page).filter({ hasText: "changed ticket priority" }).first();
  await expect(newest).toContainText("priority low urgent");
  await (await openLine(newest)).locator("a[href*='/transactions/']").click();
  await expect(page).toHaveURL(/\/audit\/transactions\/[0-9a-f-]{36}$/);
});

test("a limited view is told so, and sees its part", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Audit trail of Help desk");
  await expect(page.getByText("You see changes of tickets and replies only.")).toBeVisible();
});

test("a record, a person, a request and a time each lead to their changes", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit");
  await page.getByLabel("Table", { exact: true }).fill("tickets");
  await page.getByLabel("Record", { exact: true }).fill(ticket);
  await page.getByRole("button", { name: "Show its history" }).click();
  await expect(page).toHaveURL(new RegExp(`/audit/rows/tickets/id%3D${ticket}$`));

  await page.goto("/audit");
  await page.getByLabel("Who", { exact: true }).fill("user:support");
  await page.getByRole("button", { name: "Show what they changed" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?actor=user%3Asupport$/);

  await page.goto("/audit");
  await page.getByLabel("Request or error id", { exact: true }).fill("nowhere-to-be-found");
  await page.getByRole("button", { name: "Show this request" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?correlation_id=nowhere-to-be-found$/);

  await page.goto("/audit");
  await page.getByLabel("From (UTC)").fill("2020-01-01T00:00");
  await page.getByRole("button", { name: "Show the changes" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?from=2020-01-01T00%3A00/);
  await page.goto("/audit");
  await page.getByRole("link", { name: "7 days", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();
});

test("a form that says nothing is not sent", async ({ page }) => {
  await logIn(page, "support");
  await page.goto("/audit");
  await page.getByRole("button", { name: "Show this request" }).click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(page.getByLabel("Request or error id", { exact: true })).toBeFocused();
});

test("the overview links to what the reader opened last", async ({ page, complaints }) => {
  await logIn(page, "support");
  await page.goto("/audit");
  await expect(page.locator("#recent")).toBeHidden();
  const ticket = await raisePriority(page);
  await page.goto(`/audit/rows/tickets/id%3D${ticket}`);
  await page.goto("/audit/actors/user/support");
  await page.goto(`/audit/rows/tickets/id%3D${ticket}`);
  complaints.expectStatus(404);
  await page.goto("/audit/rows/tickets/id%3D999999999");
  await page.goto("/audit");
  if (!isScripted()) {
    await expect(page.locator("#recent")).toBeHidden();
    return;
  }
  const recent = page.locator("#recent a");
  await expect(recent).toHaveText([new RegExp(`#${ticket} .*The export stops half way`), "Support desk"]);
  await recent.first().click();
  await expect(page).toHaveURL(new RegExp(`/audit/rows/tickets/id%3D${ticket}$`));
  await logIn(page, "admin");
  await page.goto("/audit");
  await expect(page.locator("#recent")).toBeHidden();
});
