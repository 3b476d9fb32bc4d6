// One row over time: found by its number, as it was, and two versions side by side.
import {
  expect,
  expectAccessible,
  expectNoSidewaysScroll,
  lines,
  logIn,
  openLine,
  raisePriority,
  test,
} from "./support.ts";

test("a ticket is found by its number and shows every version", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit/rows");
  await page.getByLabel("Table").fill("tickets");
  await page.getByLabel("Record").fill(ticket);
  await page.getByRole("button", { name: "Show the record" }).click();
  await expect(page).toHaveURL(new RegExp(`/audit/rows/tickets/id%3D${ticket}$`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`Ticket #${ticket} · `);
  await expect(page.getByText("Exists. Last changed on")).toBeVisible();
  const opened = lines(page).last();
  await expect(opened.locator("summary").first()).toContainText("opened ticket");

  await (await openLine(opened)).getByRole("link", { name: "As it was then" }).click();
  await expect(page).toHaveURL(/\?as_of=/);
  const then = page.getByRole("region", { name: /^As it was on/ });
  const priority = then.getByRole("row").filter({ hasText: "priority" });
  await expect(priority.getByRole("cell").first()).toContainText("low");
  await expect(priority.getByRole("cell").last()).toContainText("urgent");
  const subject = then.getByRole("row").filter({ hasText: "subject" });
  await expect(subject).toBeHidden();
  await then.getByText(/fields? (is|are) the same$/).click();
  await expect(subject).toContainText("The export stops half way");
  await expect(lines(page).last()).toHaveAttribute("aria-current", "true");
  await then.getByRole("link", { name: "Version after" }).click();
  await expect(lines(page).last()).not.toHaveAttribute("aria-current", "true");
  await expect(then.getByRole("link", { name: "Version before" })).toBeVisible();
  await then.getByRole("link", { name: "Close" }).click();
  await expect(then).toBeHidden();
});

test("two versions are compared and their sides swapped", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto(`/audit/rows/tickets/id%3D${ticket}`);
  await page.getByText("Compare two versions").click();
  const oldest = await page.getByLabel("Compare").locator("option").last().getAttribute("value");
  await page.getByLabel("Compare").selectOption(oldest);
  await page.getByRole("button", { name: "Compare" }).click();
  const compared = page.getByRole("region", { name: "Two versions side by side" });
  const priority = compared.getByRole("row").filter({ hasText: "priority" });
  await expect(priority.getByRole("cell").first()).toContainText("low");
  await expect(priority.getByRole("cell").last()).toContainText("urgent");
  await expect(compared.getByRole("row", { name: "subject" })).toBeHidden();
  await compared.getByText(/unchanged fields?$/).click();
  await expect(compared.getByRole("row", { name: "subject" })).toBeVisible();

  await compared.getByRole("link", { name: "Swap sides" }).click();
  await expect(priority.getByRole("cell").first()).toContainText("urgent");
  await expect(priority.getByRole("cell").last()).toContainText("low");
});

test("a moment can be typed, and one in the future is refused with a sentence", async ({ page, complaints }) => {
  complaints.expectStatus(400);
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto(`/audit/rows/tickets/id%3D${ticket}`);
  const moment = page.getByLabel("Show it as it was at (UTC)");
  await moment.fill("2020-01-01T00:00:01");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page.getByText("The record did not exist yet")).toBeVisible();
  await page.getByRole("link", { name: "Show the first version" }).click();
  await expect(page.getByRole("region", { name: /^As it was on/ })).toContainText("Created on");

  await moment.fill("2300-01-01T00:00:01");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(moment).toHaveAttribute("aria-invalid", "true");
  await expect(moment).toHaveAccessibleDescription(/is in the future/);
  await expect(lines(page).first()).toBeVisible();
});

test("who changed a field, and why, is one link away", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto(`/audit/rows/tickets/id%3D${ticket}`);
  const fields = page.getByRole("navigation", { name: "Versions by field" });
  await expect(fields.locator("[aria-current]")).toHaveText(/^all \d/);
  await fields.getByRole("link", { name: "priority 1" }).click();
  await expect(page).toHaveURL(/\?field=priority$/);
  await expect(lines(page)).toHaveCount(1);
  await expect(lines(page)).toContainText("no reason given");
  await expect(fields.locator("[aria-current]")).toContainText("priority");
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

test("a row that nobody can find is answered with the form and a sentence", async ({ page, complaints }) => {
  complaints.expectStatus(400, 404);
  await logIn(page, "support");
  await page.goto("/audit/rows?table=nowhere&record=1");
  await expect(page.getByLabel("Table")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Table")).toHaveValue("nowhere");
  await expect(page.getByLabel("Table")).toHaveAccessibleDescription("There is no audited table \"nowhere\".");
  await page.goto("/audit/rows/tickets/id%3D987654321");
  await expect(page.getByRole("heading", { name: "No changes of ticket #987654321" })).toBeVisible();
  await page.getByRole("link", { name: "Find another record" }).click();
  await expect(page).toHaveURL(/\/audit\/rows$/);
});
