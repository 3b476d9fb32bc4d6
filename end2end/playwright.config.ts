import { defineConfig } from "@playwright/test";

/** The number of help desks that run, each with a database of its own; `cargo xtask test --browser` starts them and sets it. */
const workers = Number(process.env.THREADLINE_WORKERS);
if (!workers) {
  throw new Error("THREADLINE_WORKERS is not set: run the suite with `cargo xtask test --browser`");
}

/** What a reader without script can do as well. */
const WITHOUT_SCRIPT = ["access", "actor", "coverage", "home", "journey", "look", "problems", "row", "transaction"].map((name) => `${name}.spec.ts`);

export default defineConfig({
  testDir: "tests",
  outputDir: "output",
  // One help desk and one database for each worker: tests that share a database take turns.
  workers,
  // Any worker may run any test: each makes the data that it needs and puts back what it changes for everybody.
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  timeout: 300_000,
  // On a busy machine everything comes, but late.
  expect: { timeout: 30_000 },
  use: {
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
    // Stops the database server of all help desks, so it runs when everything else has ended, one test after the other.
    // `cargo xtask test` runs it by itself, so that it neither depends on the others nor removes what they left.
    {
      name: "outage",
      testMatch: "outage.spec.ts",
      outputDir: "output/outage",
      fullyParallel: false,
      dependencies: ["script on", "script off"],
    },
  ],
});
