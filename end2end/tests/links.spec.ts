// From the help desk to its audit console, and back.
import { expect, logIn, openTicket, test } from "./support.ts";

test("a ticket leads to its history, and the history back to the ticket and the help desk", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await openTicket(page, { subject: "Coffee machine", body: "It leaks." });
  await page.getByRole("link", { name: "History" }).first().click();
  await expect(page).toHaveURL(new RegExp(`/audit/rows/tickets/id%3D${ticket}$`));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Ticket #${ticket} · Coffee machine`);
  await page.getByRole("link", { name: "Open in Help desk" }).click();
  await expect(page).toHaveURL(new RegExp(`/tickets/${ticket}$`));
  await page.goBack();
  await page.getByRole("banner").getByRole("link", { name: "Help desk" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Tickets" })).toBeVisible();
});

test("somebody who is not signed in signs in and comes back", async ({ page, complaints }) => {
  complaints.expectStatus(403);
  await page.goto("/audit/timeline?table=tickets");
  await page.getByRole("link", { name: "Sign in to Help desk" }).click();
  await page.getByLabel("Name").fill("support");
  await page.getByLabel("Password").fill("support-demo");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL(/\/audit\/timeline\?table=tickets$/);
  await expect(page.getByRole("heading", { level: 1, name: "Timeline" })).toBeVisible();
});
