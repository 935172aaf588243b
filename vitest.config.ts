import { defineConfig } from "vitest/config";

// Unit tests are pure and finish in milliseconds; everything that needs Postgres, a sandbox or the whole system is in the other projects.
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "src/**/*.test.tsx", "scripts/**/*.test.ts"], exclude: ["src/**/*.integration.test.ts"] } },
      { test: { name: "integration", include: ["src/**/*.integration.test.ts", "test/security/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 180_000 } },
    ],
    maxWorkers: 2,
  },
});
