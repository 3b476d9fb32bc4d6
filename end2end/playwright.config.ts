import { defineConfig } from "@playwright/test";

/** The address of the running help desk; `cargo xtask test --browser` starts one and sets it. */
const baseURL = process.env.THREADLINE_URL;
if (!baseURL) {
  throw new Error("THREADLINE_URL is not set: run the suite with `cargo xtask test --browser`");
}

/** What a reader without script can do as well. */
const WITHOUT_SCRIPT = ["access", "actor", "coverage", "home", "journey", "look", "problems", "row", "transaction"].map((name) => `${name}.spec.ts`);

export default defineConfig({
  testDir: "tests",
  outputDir: "output",
  // One help desk, one database: the tests take turns.
  workers: 1,
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  timeout: 300_000,
  // On a busy machine everything comes, but late.
  expect: { timeout: 30_000 },
  use: {
    baseURL,
    // What is not there is reported as such, before the whole test has run out of time.
    actionTimeout: 30_000,
    viewport: { width: 1280, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.THREADLINE_CHROMIUM,
      args: [
        "--disable-background-networking",
        "--disable-component-update",
        // A plain-HTTP host that is not localhost, where the browser offers scripts no clipboard.
        "--host-resolver-rules=MAP helpdesk.test 127.0.0.1",
        // Chromium refuses its sandbox to root.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ],
    },
  },
  projects: [
    { name: "script on", testIgnore: "outage.spec.ts" },
    { name: "script off", testMatch: WITHOUT_SCRIPT, use: { javaScriptEnabled: false } },
    // Stops the database server, so it runs when everything else has been asked.
    // `cargo xtask test` runs it by itself, so that it neither hangs on the others nor removes what they left.
    { name: "outage", testMatch: "outage.spec.ts", outputDir: "output/outage", dependencies: ["script on", "script off"] },
  ],
});
