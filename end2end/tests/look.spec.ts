// Every screen and state in both themes and at three widths, with script and without: accessible, and never wider than the
// window. `cargo xtask test --browser --screenshots` leaves pictures of them in `output`, for people to look at.
import type { Page } from "@playwright/test";

import {
  expect,
  expectAccessible,
  expectNoSidewaysScroll,
  isScripted,
  lines,
  logIn,
  openFilter,
  openLine,
  openTicket,
  raisePriority,
  test,
} from "./support.ts";

// A trace of pages this long takes longer than the test itself.
test.use({ trace: "off" });

/** Pictures take half the time of these tests, and no test compares them. */
const TAKES_SCREENSHOTS = process.env.THREADLINE_SCREENSHOTS === "1";

type Name = Parameters<typeof logIn>[1];
type Screen = {
  name: string;
  open: (page: Page) => Promise<unknown>;
  as?: Name | null;
  status?: number;
  /** Shows what only script does. */
  scripted?: boolean;
};

const at = (name: string, path: string, more: Partial<Screen> = {}): Screen => ({
  name,
  open: (page) => page.goto(`/audit${path}`),
  ...more,
});

/** The newest page of the timeline with its islands alive, where they come to life. */
async function openTimeline(page: Page, query = ""): Promise<void> {
  await page.goto(`/audit/timeline${query}`);
  if (isScripted()) {
    await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  }
}

/** The timeline of a ticket that has just been opened with this text. */
async function openTimelineOf(page: Page, text: { subject: string; body: string }): Promise<void> {
  const ticket = await openTicket(page, text);
  await openTimeline(page, `?table=tickets&key=id%3D${ticket}&operation=insert`);
}

/** The page of a row with an old and a new version. */
async function openRow(page: Page): Promise<void> {
  const ticket = await raisePriority(page);
  await page.goto(`/audit/rows/tickets/id%3D${ticket}`);
}

const everyFilter = new URLSearchParams({
  table: "tickets",
  key: "id=1",
  operation: "update",
  field: "priority",
  actor: "user:support",
  action: "ticket.priority_changed",
  correlation_id: "order-4711",
  request_id: "request-4711",
  from: "2020-01-01T00:00",
  to: "2099-01-01T00:00",
});

const screens: Screen[] = [
  at("forbidden", "", { as: "customer", status: 403 }),
  at("nobody", "", { as: null, status: 403 }),
  at("overview", ""),
  at("overview-admin", "", { as: "admin" }),
  at("help", "/help"),
  at("preferences", "/rows", {
    open: async (page) => {
      await page.goto("/audit/rows");
      await page.locator("summary", { hasText: "Preferences" }).click();
    },
  }),
  {
    name: "keys",
    scripted: true,
    open: async (page) => {
      await openTimeline(page, "?to=2020-01-01T00:00");
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  },

  at("timeline", "/timeline?from="),
  {
    name: "timeline-open",
    open: async (page) => {
      await openTimeline(page, "?from=");
      await openFilter(page);
      await openLine(lines(page).first());
    },
  },
  at("timeline-every-filter", `/timeline?${everyFilter.toString()}`),
  at("timeline-bad-actor", "/timeline?actor=nobody:1", { status: 400 }),
  at("timeline-bad-operation", "/timeline?operation=upsert", { status: 400 }),
  at("timeline-bad-key", "/timeline?table=tickets&key=nr%3D1", { status: 400 }),
  at("timeline-future", "/timeline?from=2099-01-01T00:00"),
  at("timeline-no-match", "/timeline?to=2020-01-01T00:00"),
  at("timeline-values", "/timeline/values?from="),
  at("timeline-end", "/timeline?from=&older=1000000-0193c2aa00007000800000000000008d"),
  {
    name: "timeline-focus",
    scripted: true,
    open: async (page) => {
      const ticket = await raisePriority(page);
      await openTimeline(page, `?table=tickets&key=id%3D${ticket}`);
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await expect(lines(page).nth(1).locator(":scope > summary")).toBeFocused();
    },
  },
  {
    name: "timeline-live",
    scripted: true,
    open: async (page) => {
      await page.route("**/api/newer_changes?*", (route) => route.fulfill({ json: { count: 12, late: 1, truncated: false } }));
      await page.clock.install();
      await openTimeline(page, "?table=tickets&key=id%3D1");
      await page.clock.runFor("00:16");
      await expect(page.getByRole("link", { name: "12 new changes" })).toBeVisible();
    },
  },
  {
    name: "diff-hidden-characters",
    open: (page) => openTimelineOf(page, { subject: "Pay \u202E001\u202C", body: "Zero\u200Bwidth" }),
  },
  {
    name: "diff-long-text",
    open: async (page) => {
      await openTimelineOf(page, { subject: "A long story", body: "It goes on and on. ".repeat(160).trim() });
      await openLine(lines(page).first());
      await page.locator(".change details.fold > summary").first().click();
    },
  },

  {
    name: "transaction",
    open: async (page) => {
      const ticket = await raisePriority(page);
      await page.goto(`/audit/timeline?table=tickets&key=id%3D${ticket}`);
      await (await openLine(lines(page).first())).locator("a[href*='/transactions/']").click();
      await page.waitForURL(/transactions/);
    },
  },
  at("transaction-missing", "/transactions/0193c2aa-0000-7000-8000-00000000008d", { status: 404 }),

  at("search", "/search"),
  at("search-results", "/search?q=printer"),
  at("search-nothing", "/search?q=no-such-word-anywhere"),

  at("actors", "/actors"),
  at("actor", "/actors/user/support"),
  at("actor-every", "/actors/user"),
  at("actor-unknown", "/actors/user/nobody"),
  at("actor-bad", "/actors/robot/1", { status: 400 }),

  at("row-find", "/rows"),
  at("row-find-mistake", "/rows?table=nowhere&record=1", { status: 400 }),
  { name: "row", open: openRow },
  {
    name: "row-as-of",
    open: async (page) => {
      await openRow(page);
      await (await openLine(lines(page).last())).getByRole("link", { name: "As it was then" }).click();
      await expect(page.getByRole("region", { name: /^As it was on/ })).toBeVisible();
    },
  },
  at("row-as-of-before", "/rows/tickets/id%3D1?as_of=2020-01-01T00:00"),
  at("row-as-of-mistake", "/rows/tickets/id%3D1?as_of=2300-01-01T00:00", { status: 400 }),
  {
    name: "row-compared",
    open: async (page) => {
      await openRow(page);
      await (await openLine(lines(page).last())).getByRole("link", { name: "Compare with now" }).click();
      await expect(page.getByRole("region", { name: "Two versions side by side" })).toBeVisible();
    },
  },
  at("row-missing", "/rows/tickets/id%3D987654321", { status: 404 }),

  at("coverage", "/coverage", { as: "admin" }),
  at("coverage-mistake", "/coverage?schema=nowhere", { as: "admin", status: 400 }),
  at("coverage-refused", "/coverage", { status: 403 }),
  at("redaction", "/policy/redaction", { as: "admin" }),

  at("download-mistake", "/exports/changes.csv?from=x", { status: 400 }),
  at("nowhere", "/nowhere", { status: 404 }),
  at("unreadable", "/transactions/17", { status: 400 }),

  { name: "helpdesk-login", open: (page) => page.goto("/login"), as: null },
  { name: "helpdesk-list", open: (page) => page.goto("/") },
  { name: "helpdesk-new", open: (page) => page.goto("/tickets/new") },
  { name: "helpdesk-ticket", open: (page) => page.goto("/tickets/37") },
  { name: "helpdesk-edit", open: (page) => page.goto("/tickets/37/edit") },
];

/** Checks what is open at every width, without opening it again; with pictures of every theme and width where they are asked for. */
async function look(page: Page, picture: (name: string) => string): Promise<void> {
  for (const width of [1440, 768, 320]) {
    await page.setViewportSize({ width, height: 900 });
    await expectNoSidewaysScroll(page);
    for (const colorScheme of ["light", "dark"] as const) {
      // Each layout and each theme once: axe takes seconds. The layout at 768 px is that of 320 px, with more room.
      const isChecked = (width === 1440 && colorScheme === "light") || (width === 320 && colorScheme === "dark");
      if (isChecked || TAKES_SCREENSHOTS) {
        await page.emulateMedia({ colorScheme });
      }
      if (isChecked) {
        await expectAccessible(page);
      }
      await takeScreenshot(page, picture(`${colorScheme}-${width}.png`));
    }
  }
}

/** Keeps a picture of the page, up to a height that a person still looks at, if pictures are asked for. */
async function takeScreenshot(page: Page, path: string): Promise<void> {
  if (TAKES_SCREENSHOTS) {
    const { width, height } = await page.evaluate(() => ({
      width: window.innerWidth,
      height: document.documentElement.scrollHeight,
    }));
    await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(height, 3000) } });
  }
}

for (const screen of screens) {
  test(`looks right: ${screen.name}`, async ({ page, complaints }, info) => {
    test.skip(!isScripted() && screen.scripted === true, "shows what script does");
    if (screen.status) {
      complaints.expectStatus(screen.status);
    }
    if (screen.as !== null) {
      await logIn(page, screen.as ?? "support");
    }
    await screen.open(page);
    await look(page, (name) => info.outputPath(name));
  });
}

test("looks right: the menu of a phone, the dialog to copy by hand", async ({ page, baseURL }, info) => {
  test.skip(!isScripted(), "the dialog is opened by script");
  await page.setViewportSize({ width: 320, height: 900 });
  const host = `http://helpdesk.test:${new URL(baseURL ?? "").port}`;
  await page.goto(`${host}/login`);
  await page.getByLabel("Name").fill("support");
  await page.getByLabel("Password").fill("support-demo");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.goto(`${host}/audit/timeline?table=tickets&key=id%3D1`);
  await expect(page.locator("html")).toHaveAttribute("data-script", "on");
  await page.locator("summary", { hasText: "Menu" }).click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await takeScreenshot(page, info.outputPath(`menu-${colorScheme}-320.png`));
  }
  await page.keyboard.press("Escape");
  await (await openLine(lines(page).first())).getByRole("button", { name: "Copy transaction" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await look(page, (name) => info.outputPath(`copy-${name}`));
});

test("on a phone the navigation and the filter fold away and open without script", async ({ page }) => {
  test.skip(isScripted(), "with script the same elements do it");
  await page.setViewportSize({ width: 320, height: 700 });
  await logIn(page, "support");
  await page.goto("/audit/timeline");
  const timeline = page.getByRole("navigation", { name: "Audit menu" }).getByRole("link", { name: "Timeline" });
  await expect(timeline).toBeHidden();
  await page.locator("summary", { hasText: "Menu" }).click();
  await expect(timeline).toBeVisible();
  await page.locator("summary", { hasText: "Menu" }).click();
  await expect(timeline).toBeHidden();
  await expect(page.getByLabel("Table")).toBeHidden();
  await page.locator("details.filter > summary").click();
  await expect(page.getByLabel("Table")).toBeVisible();
});
