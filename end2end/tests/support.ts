import { execFileSync } from "node:child_process";

import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type BrowserContext, type Locator, type Page } from "@playwright/test";

export { expect };

/** What `cargo xtask test --browser` tells the worker that runs this test: every worker has a help desk and a database of its own. */
function workerSetting(name: "DATABASE_URL" | "THREADLINE_URL"): string {
  const variable = `${name}_${base.info().parallelIndex}`;
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set: run the suite with \`cargo xtask test --browser\``);
  }
  return value;
}

/** Every test fails on a console message, an uncaught error or a policy violation that it did not announce. */
export const test = base.extend<{ complaints: Complaints }>({
  baseURL: async ({}, use) => use(workerSetting("THREADLINE_URL")),
  complaints: [
    async ({ page }, use) => {
      const complaints = new Complaints(page);
      await use(complaints);
      expect(complaints.found, "the browser complained").toEqual([]);
    },
    { auto: true },
  ],
});

class Complaints {
  found: string[] = [];
  private expected: number[] = [];

  constructor(page: Page) {
    // Chromium reports a violation of the Content-Security-Policy as an error in the console.
    page.on("console", (message) => {
      const status = /^Failed to load resource: the server responded with a status of (\d+)/.exec(message.text())?.[1];
      const announced = status !== undefined && this.expected.includes(Number(status));
      if (["error", "warning"].includes(message.type()) && !announced) {
        this.found.push(`${message.type()}: ${message.text()} (${page.url()})`);
      }
    });
    page.on("pageerror", (error) => this.found.push(`uncaught: ${error.message} (${page.url()})`));
  }

  /** The test opens pages that answer with this status. */
  expectStatus(...statuses: number[]): void {
    this.expected.push(...statuses);
  }
}

/** Runs SQL in the help desk's database, past the help desk. Answers the rows, one a line. */
export function sql(statements: string): string {
  const program = process.env.THREADLINE_PSQL ?? "psql";
  const options = ["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-c", statements];
  return execFileSync(program, [...options, workerSetting("DATABASE_URL")], { encoding: "utf8" }).trim();
}

type Cookies = Awaited<ReturnType<BrowserContext["cookies"]>>;

/** The session of each user who has logged in. Each worker process has its own. */
const sessions = new Map<string, Cookies>();

/** Logs the user in: by the form the first time, later with the cookie of that session. Tests open the page that they need afterwards. */
export async function logIn(page: Page, name: "admin" | "support" | "customer"): Promise<void> {
  const cookies = sessions.get(name);
  if (cookies) {
    await page.context().addCookies(cookies);
    return;
  }
  // A login ends the session that the browser has, which may be the one that is kept for another user.
  await page.context().clearCookies();
  await page.goto("/login");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(`${name}-demo`);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Tickets" })).toBeVisible();
  // The theme's cookie is only for the console, so it is not among those of this page.
  sessions.set(name, await page.context().cookies(page.url()));
}

/** Opens a ticket with this text and low priority, and waits until the help desk's job has given it to somebody. Answers its number. */
export async function openTicket(page: Page, text: { subject: string; body: string }): Promise<string> {
  await page.goto("/tickets/new");
  await page.getByLabel("Subject").fill(text.subject);
  await page.getByLabel("Description").fill(text.body);
  const customer = page.getByLabel("Customer");
  if (await customer.isVisible()) {
    await customer.fill("customer");
  }
  await page.getByLabel("Priority").selectOption("low");
  await page.getByRole("button", { name: "Open the ticket" }).click();
  await page.waitForURL(/\/tickets\/\d+/);
  await expect.poll(() => sql("SELECT count(*) FROM graphile_worker._private_jobs")).toBe("0");
  return /\/tickets\/(\d+)/.exec(page.url())?.[1] ?? "";
}

/** Makes a change whose old and new value are known: opens a ticket and raises its priority. Answers its number. */
export async function raisePriority(page: Page): Promise<string> {
  const ticket = await openTicket(page, {
    subject: "The export stops half way",
    body: "It ends after 500 rows, without an error.",
  });
  await page.getByLabel("Priority").selectOption("urgent");
  // The answer has the address that the page has already.
  const changed = page.waitForEvent("load");
  await page.getByRole("button", { name: "Change" }).click();
  await changed;
  return ticket;
}

/** Opens the filter of the timeline. */
export async function openFilter(page: Page): Promise<void> {
  await page.locator("details.filter > summary").click();
}

/** The field of the search in the header: script makes a combobox of it. */
export function findField(page: Page): Locator {
  return page.locator("form.find input");
}

/** The lines of a list of changes. */
export function lines(page: Page): Locator {
  return page.locator("[data-entry]");
}

/** Opens a line, and answers the whole change in it. */
export async function openLine(line: Locator): Promise<Locator> {
  await line.locator("summary").first().click();
  const change = line.locator(".change");
  await expect(change).toBeVisible();
  return change;
}

/** Whether the pages of this project run script. */
export function isScripted(): boolean {
  return base.info().project.use.javaScriptEnabled !== false;
}

/** No rule of axe is broken. Axe is a script itself: where script is off, nothing is asked. */
export async function expectAccessible(page: Page): Promise<void> {
  if (!isScripted()) {
    return;
  }
  // Legacy mode leaves out frames of other origins, which these pages forbid, and takes half the time. Only violations are
  // read, so axe need not describe the elements that pass.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });
  const { violations } = await axe.analyze();
  const found = violations.map((rule) => `${rule.id}: ${rule.help}\n${rule.nodes.map((node) => node.html).join("\n")}`);
  expect(found, `accessibility of ${page.url()}`).toEqual([]);
}

/** Nothing is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overhang, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(0);
}

/** Puts the tab out of sight, or back into it, as far as the page can tell. */
export async function show(page: Page, state: "hidden" | "visible"): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}
