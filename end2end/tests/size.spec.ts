// What a browser loads that has never seen the console, as it travels: every part compressed with brotli.
import { brotliCompressSync, constants } from "node:zlib";

import { expect, logIn, test } from "./support.ts";

/** Kilobytes. */
const LIMITS = { all: 200, islands: 150 };
/** Hosts compress pages while they answer; the console compresses its files once, as well as it goes. */
const QUALITY = 5;

test("the first load of the timeline is small", async ({ page, browser, baseURL }) => {
  await logIn(page, "admin");
  const context = await browser.newContext({ baseURL, storageState: await page.context().storageState() });
  const fresh = await context.newPage();
  const loaded: string[] = [];
  fresh.on("request", (request) => loaded.push(request.url()));
  await fresh.goto("/audit/timeline?from=2026-01-01T00:00", { waitUntil: "networkidle" });
  await expect(fresh.getByRole("link", { name: "Older" }), "the page is not full").toBeVisible();
  const sizes = new Map<string, number>();
  for (const url of new Set(loaded)) {
    const response = await fresh.request.get(url, { headers: { "accept-encoding": "br" } });
    const body = await response.body();
    const packed = response.headers()["content-encoding"] === "br";
    const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
    const size = packed ? Number(response.headers()["content-length"]) : brotliCompressSync(body, { params }).length;
    sizes.set(new URL(url).pathname.replace("/audit/", ""), size / 1000);
  }
  const all = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const parts = [...sizes].map(([name, size]) => `${name} ${size.toFixed(1)} kB`).join(", ");
  console.log(`    first load: ${all.toFixed(1)} kB (${parts})`);
  const islands = [...sizes].filter(([name]) => name.endsWith(".wasm"));
  expect(islands, `one file of compiled islands: ${parts}`).toHaveLength(1);
  expect(islands[0][1], `kB of the compiled islands, in brotli: ${parts}`).toBeLessThanOrEqual(LIMITS.islands);
  expect(all, `kB of the first load, in brotli: ${parts}`).toBeLessThanOrEqual(LIMITS.all);
  await context.close();
});
