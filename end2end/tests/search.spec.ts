// The search in the header: what people know leads to where it is recorded, with few keys.
import {
  expect,
  expectAccessible,
  expectNoSidewaysScroll,
  findField,
  isScripted,
  lines,
  logIn,
  openTicket,
  raisePriority,
  test,
} from "./support.ts";

test("the number of a ticket leads to its history from any page", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit/help");
  const find = findField(page);
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
  const find = findField(page);
  await find.fill(subject.slice(12).toUpperCase());
  await find.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Search:");
  await expect(lines(page).first()).toContainText(subject);
  await expect(find).toHaveValue(subject.slice(12).toUpperCase());
});

test("a person is found by name", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit/search?q=support+de");
  await page.getByRole("main").getByRole("link", { name: "Support desk" }).click();
  await expect(page).toHaveURL(/\/audit\/actors\/user\/support$/);
  await page.goto("/audit/search?q=support+desk");
  await expect(page).toHaveURL(/\/audit\/actors\/user\/support$/);
});

test("suggestions are chosen with the keyboard, and announced", async ({ page }) => {
  await logIn(page, "support");
  const ticket = await raisePriority(page);
  await page.goto("/audit/help");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const find = page.getByRole("combobox", { name: "Find" });
  const options = page.getByRole("option");
  await expect(find).toHaveAttribute("aria-expanded", "false");
  await find.focus();
  await page.keyboard.type(`ticket ${ticket}`);
  await expect(options).toHaveCount(1);
  await expect(find).toHaveAttribute("aria-expanded", "true");
  await expect(page.locator("#announcer")).toHaveText("1 suggestion");
  await expectAccessible(page);

  await page.keyboard.press("ArrowDown");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await expect(find).toHaveAttribute("aria-activedescendant", (await options.first().getAttribute("id")) ?? "");
  await expect(find).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/audit/rows/tickets/id%3D${ticket}$`));
});

test("Escape and leaving the field close the suggestions, a click follows one, and Enter alone searches", async ({ page }) => {
  await logIn(page, "support");
  await raisePriority(page);
  await page.goto("/audit/help");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const find = findField(page);
  const list = page.getByRole("listbox");
  await find.focus();
  await page.keyboard.type("support de");
  await expect(list).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await expect(find).toHaveValue("support de");
  await page.keyboard.type("s");
  await expect(list).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(list).toBeHidden();

  for (const [width, theme] of [[1280, "light"], [320, "dark"]] as const) {
    await page.setViewportSize({ width, height: 700 });
    await page.emulateMedia({ colorScheme: theme });
    await find.fill("");
    await find.focus();
    await page.keyboard.type("support de");
    await expect(list).toBeVisible();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await find.blur();
  }
  await find.fill("");
  await find.focus();
  await page.keyboard.type("support de");
  await page.getByRole("option", { name: "Support desk" }).click();
  await expect(page).toHaveURL(/\/audit\/actors\/user\/support$/);

  await find.fill("quokka in no value");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Search: quokka in no value");
});

test("suggestions that fail show nothing", async ({ page, complaints }) => {
  complaints.expectStatus(503);
  await logIn(page, "support");
  await page.route("**/api/suggestions*", (route) => route.fulfill({ status: 503 }));
  await page.goto("/audit/help");
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  const answered = page.waitForResponse("**/api/suggestions*");
  await findField(page).focus();
  await page.keyboard.type("support");
  await answered;
  await expect(page.getByRole("listbox")).toBeHidden();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/audit\/actors\/user\/support$/);
});
