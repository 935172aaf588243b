// The suites. `npm test` runs the first five; `npm run test:slow` the rest (they download or build more).
import { defineConfig } from "vitest/config";

/** What takes a quarter of a minute and more: waits for what only time shows, or installs some 800 MB from npm's cache. */
const long = [
  "src/db/embedded/embedded-postgres.integration.test.ts",
  "src/sandboxes/local/local.integration.test.ts",
  "src/sandboxes/local/seeds.integration.test.ts",
  "src/secrets/rotate-keys.integration.test.ts",
  "src/sessions/files-of-rewinds-and-forks.integration.test.ts",
  "src/sessions/seed-of-fork.integration.test.ts",
  "src/sessions/session-mcp.integration.test.ts",
  "src/sessions/session-sandbox.integration.test.ts",
  "src/snapshots/snapshots.integration.test.ts",
  "src/supervisor/supervisor.integration.test.ts",
  "src/worker/sandbox-limit.integration.test.ts",
  "src/worker/suspects.integration.test.ts",
  "test/api/attacks.test.ts",
  "test/api/database-busy.test.ts",
  "test/api/team-stream.test.ts",
  "test/e2e/a-clone-survives-a-kill.test.ts",
  "test/e2e/a-fork-begins-as-a-copy.test.ts",
  "test/e2e/a-poisoned-session-ends-alone.test.ts",
  "test/e2e/a-session-survives-every-kill.test.ts",
  "test/e2e/cli-exit-codes.test.ts",
  "test/e2e/cli-in-a-terminal.test.ts",
  "test/e2e/cli-in-the-sandbox.test.ts",
  "test/e2e/cli.test.ts",
  "test/e2e/docs-commands-run-as-written.test.ts",
  "test/e2e/files-survive-a-lost-disk.test.ts",
  "test/e2e/parts-alone.test.ts",
  "test/e2e/port-preview.test.ts",
  "test/e2e/start-without-bubblewrap.test.ts",
  "test/e2e/the-packed-package-runs.test.ts",
  "test/security/broker-rights.test.ts",
  "test/security/credentials.test.ts",
  "test/security/deleted-session.test.ts",
  "test/security/environment-packages.test.ts",
  "test/security/sandbox-resources.test.ts",
  "test/security/vault-canary.test.ts",
];
const slow = { testTimeout: 120_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "src/**/*.test.tsx", "scripts/**/*.test.ts", "test/chaos/oracle.test.ts"],
          exclude: ["src/**/*.integration.test.ts"],
          // Pure rules take milliseconds; the few that write files wait for a busy disk.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "integration",
          globalSetup: ["test/support/postgres-setup.ts"],
          include: ["src/**/*.integration.test.ts", "scripts/**/*.integration.test.ts"],
          exclude: long,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "api",
          globalSetup: ["test/support/postgres-setup.ts"],
          include: ["test/api/**/*.test.ts"],
          exclude: long,
          ...slow,
        },
      },
      {
        test: {
          name: "security",
          globalSetup: ["test/support/postgres-setup.ts"],
          include: ["test/security/**/*.test.ts"],
          exclude: long,
          ...slow,
        },
      },
      { test: { name: "e2e", include: ["test/e2e/*.test.ts"], exclude: long, ...slow } },
      { test: { name: "long", globalSetup: ["test/support/postgres-setup.ts"], include: long, ...slow } },
      { test: { name: "litellm", include: ["test/litellm/**/*.test.ts"], ...slow } },
      { test: { name: "chaos", include: ["test/chaos/*.test.ts"], exclude: ["test/chaos/oracle.test.ts"], ...slow } },
      {
        test: {
          name: "journeys",
          globalSetup: ["test/support/build-setup.ts"],
          include: ["test/e2e/journeys/**/*.test.ts"],
          setupFiles: ["test/support/tell-what-was-seen.ts"],
          // As long as the browser itself waits.
          expect: { poll: { timeout: 15_000 } },
          ...slow,
        },
      },
    ],
  },
});
