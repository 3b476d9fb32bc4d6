// The search in the header: what people know leads to where it is recorded, with few keys.
import { expect, isScripted, lines, logIn, openTicket, raisePriority, test } from "./support.ts";

test("the number of a ticket leads to its history from any page", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit/help");
  const find = page.getByRole("searchbox", { name: "Find" });
  if (isScripted()) {
    await expect(page.locator("html")).toHaveAttribute("data-script", "on");
    await page.keyboard.press("/");
    await expect(find).toBeFocused();
  } else {
    await find.focus();
  }
  await page.keyboard.type(`ticket ${ticket}`);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/audit/rows/tickets/id%3D${ticket}$`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText(`#${ticket}`);
});

test("a person is found by the id, and a part of a text by its changes", async ({ page }) => {
  await logIn(page, "support");
  const subject = `A word like quokka${Date.now().toString()}`;
  await openTicket(page, { subject, body: "To be found." });
  await page.goto("/audit/search?q=support");
  await expect(page).toHaveURL(/\/audit\/actors\/user\/support$/);
  const find = page.getByRole("searchbox", { name: "Find" });
  await find.fill(subject.slice(12).toUpperCase());
  await find.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Search:");
  await expect(lines(page).first()).toContainText(subject);
  await expect(find).toHaveValue(subject.slice(12).toUpperCase());
});
