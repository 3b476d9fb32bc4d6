// The buttons of the timeline hand out the changes that it shows.
import { readFile } from "node:fs/promises";

import { expect, logIn, raisePriority, test } from "./support.ts";

test("a file holds the changes of the filter that is shown", async ({ page }) => {
  await logIn(page, "admin");
  const ticket = await raisePriority(page);
  // Jobs of the help desk work on the ticket too.
  await page.goto(`/audit/timeline?table=tickets&key=id%3D${ticket}&field=priority&actor=admin%3Aadmin`);
  for (const format of ["csv", "json", "ndjson"] as const) {
    const waiting = page.waitForEvent("download");
    await page.locator(`a[href*="/exports/changes.${format}?"]`).click();
    const download = await waiting;
    expect(download.suggestedFilename()).toMatch(
      new RegExp(`^threadline-changes-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\dZ\\.${format}$`),
    );
    const text = await readFile(await download.path(), "utf8");
    if (format === "csv") {
      expect(text.split("\r\n").slice(1, -1).map((line) => line.split(",")[4])).toEqual(["update"]);
    } else {
      const changes =
        format === "json" ? JSON.parse(text).changes : text.trimEnd().split("\n").map((line) => JSON.parse(line));
      expect(changes.map((change: { op: string }) => change.op)).toEqual(["update"]);
      expect(changes[0].table_pk).toEqual({ id: ticket });
      expect(changes[0].changed_from.priority).toBe("low");
      expect(changes[0].transaction.actor_ref).toEqual({ type: "admin", id: "admin" });
    }
  }
});

test("support gets no file with changes that its scope hides", async ({ page }) => {
  await logIn(page, "support");
  const response = await page.request.get("/audit/exports/changes.ndjson");
  expect(response.status()).toBe(200);
  const tables = (await response.text()).trimEnd().split("\n").map((line) => JSON.parse(line).table_name);
  expect([...new Set(tables)].sort()).toEqual(["ticket_replies", "tickets"]);
});

test("customers and strangers get no file", async ({ page }) => {
  for (const format of ["csv", "json", "ndjson"]) {
    expect((await page.request.get(`/audit/exports/changes.${format}`)).status(), format).toBe(403);
  }
  await logIn(page, "customer");
  expect((await page.request.get("/audit/exports/changes.csv")).status()).toBe(403);
});
