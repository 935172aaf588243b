// Readiness is told part by part; only what nothing works without makes it "not ready".
import { expect, test } from "vitest";
import { type HealthFacts, toReadiness } from "./health.ts";

const health = {
  running: 1,
  concurrency: 50,
  sandbox: {
    usable: true,
    remedy: null,
    checks: [{ name: "userns", holds: true, required: true, detail: "own users" }],
  },
  gateway: { ready: true, url: "http://gateway:4000", message: "3 models", modelCount: 3 },
  data: { ours: true, setAside: 0, detail: "ours" },
  blobs: { ok: true, detail: "The directory can be used." },
};
const good: HealthFacts = {
  database: { error: null },
  migrations: { current: true, detail: "schema 0001" },
  ceiling: { type: "unrestricted" },
  packages: [{ tool: "npm", hosts: [{ host: "registry.npmjs.org", plain: false }], problem: null }],
  workers: [{ id: "wrk_1", seenAgoMs: 900, version: "1", health }],
};
const withHealth = (changes: object): HealthFacts => ({
  ...good,
  workers: [{ id: "w", seenAgoMs: 1, version: "1", health: { ...health, ...changes } }],
});

test("all is well", () => {
  const readiness = toReadiness(good, "1.2.3");
  expect(readiness).toMatchObject({ status: "ready", version: "1.2.3" });
  expect(Object.values(readiness.parts).every((part) => part.ok)).toBe(true);
  expect(readiness.parts.worker).toMatchObject({ count: 1, running: 1, concurrency: 50 });
});

test.each<[string, HealthFacts, string, "ready" | "not_ready", RegExp]>([
  [
    "the database is away",
    { ...good, database: { error: "ECONNREFUSED" }, migrations: null, packages: null, workers: null },
    "database",
    "not_ready",
    /ECONNREFUSED/,
  ],
  [
    "a migration is missing",
    { ...good, migrations: { current: false, detail: "Run npm run migrate." } },
    "migrations",
    "not_ready",
    /npm run migrate/,
  ],
  ["no worker", { ...good, workers: [] }, "worker", "not_ready", /npm run worker/],
  [
    "a worker that went silent",
    { ...good, workers: [{ id: "w", seenAgoMs: 11_000, version: "1", health }] },
    "worker",
    "not_ready",
    /No worker/,
  ],
  [
    "tools cannot run",
    withHealth({
      sandbox: {
        usable: false,
        remedy: "apt-get install bubblewrap",
        checks: [{ holds: false, detail: "bwrap is missing" }],
      },
    }),
    "sandbox",
    "ready",
    /bwrap is missing.*apt-get install bubblewrap/,
  ],
  [
    "the gateway refuses the key",
    withHealth({ gateway: { ready: false, url: "http://g", message: "refused the key (401)" } }),
    "gateway",
    "ready",
    /refused the key/,
  ],
  [
    "the data directory is another database's, by one of two workers",
    {
      ...good,
      workers: [
        { id: "w", seenAgoMs: 1, version: "1", health },
        { id: "x", seenAgoMs: 2, version: "1", health: { data: { ours: false, setAside: 0, detail: "another's" } } },
      ],
    },
    "data",
    "ready",
    /another's/,
  ],
])("%s", (_what, facts, part, status, detail) => {
  const readiness = toReadiness(facts, "1");
  expect(readiness.status).toBe(status);
  expect(readiness.parts[part]).toMatchObject({ ok: false, detail: expect.stringMatching(detail) });
});

test("snapshots are told of all workers: each that can't use the store is named, wherever it stands", () => {
  const away = { blobs: { ok: false, detail: "no such bucket" } };
  const worker = (id: string, changes: object) => ({
    id,
    seenAgoMs: 1,
    version: "1",
    health: { ...health, ...changes },
  });
  const partOf = (...workers: ReturnType<typeof worker>[]) => toReadiness({ ...good, workers }, "1").parts.snapshots;
  expect(partOf(worker("wrk_a", {}), worker("wrk_b", {}))).toMatchObject({ ok: true, state: "ok" });
  for (const workers of [
    [worker("wrk_a", {}), worker("wrk_b", away)],
    [worker("wrk_b", away), worker("wrk_a", {})],
  ])
    expect(partOf(...workers)).toMatchObject({
      ok: false,
      state: "degraded",
      detail: expect.stringMatching(/in 1 of 2 workers.*wrk_b: no such bucket/),
      failing: ["wrk_b"],
    });
  expect(partOf(worker("wrk_a", away), worker("wrk_b", away))).toMatchObject({
    detail: expect.stringMatching(/in all workers.*wrk_a: .*wrk_b: /),
  });
  expect(partOf(worker("wrk_a", away))).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/wait, turns go on: no/),
  });
  // One that has not looked yet says nothing, and takes nothing from what another found.
  expect(partOf(worker("wrk_a", { blobs: null }), worker("wrk_b", away))).toMatchObject({ ok: false });
  expect(partOf(worker("wrk_a", { blobs: null }), worker("wrk_b", {}))).toMatchObject({ ok: true, state: "ok" });
  expect(partOf(worker("wrk_a", { blobs: null }))).toMatchObject({ state: "degraded" });
});

test.each(["sandbox", "gateway"] as const)(
  "%s: of several workers the one that is worst off is told, by its name",
  (part) => {
    const ill = {
      sandbox: { usable: false, remedy: "Install it.", checks: [] },
      gateway: { ready: false, url: "http://gateway:4000", message: "No answer." },
    };
    const worker = (id: string, of: object) => ({ id, seenAgoMs: 1, version: "1", health: of });
    const tell = (...workers: ReturnType<typeof worker>[]) => toReadiness({ ...good, workers }, "1").parts[part];
    const bad = worker("wrk_b", { ...health, ...ill });
    expect(tell(worker("wrk_a", health), bad)).toMatchObject({ ok: false, detail: expect.stringMatching(/wrk_b/) });
    expect(tell(bad, worker("wrk_a", health))).toEqual(tell(worker("wrk_a", health), bad));
    // All alike: it is not this one's own.
    expect(tell(bad, worker("wrk_c", { ...health, ...ill }))?.detail).not.toMatch(/wrk_/);
    // One that knows nothing yet hides nothing.
    expect(tell(worker("wrk_n", {}), worker("wrk_a", health))).toMatchObject({ ok: true, state: "ok" });
    expect(tell(worker("wrk_n", {}))).toMatchObject({ state: "degraded" });
  },
);

test("sandboxes that should run and are not there are told, by whichever worker", () => {
  const missing = { data: { ours: true, setAside: 0, missing: 2, detail: "2 sandboxes are not on this machine" } };
  const workers = [{}, missing].map((changes, index) => ({
    id: `wrk_${index}`,
    seenAgoMs: 1,
    version: "1",
    health: { ...health, ...changes },
  }));
  expect(toReadiness({ ...good, workers }, "1").parts.data).toMatchObject({
    ok: true,
    state: "degraded",
    missing: 2,
    detail: "2 sandboxes are not on this machine",
  });
});

test("a process that holds one session alone is no worker to count on", () => {
  const alone = { id: "a", seenAgoMs: 1, version: "1", health: { alone: "sesn_1", running: 1 } };
  expect(toReadiness({ ...good, workers: [alone] }, "1").status).toBe("not_ready");
  const { parts } = toReadiness({ ...good, workers: [alone, ...(good.workers ?? [])] }, "1");
  expect(parts).toMatchObject({ worker: { count: 1 }, sandbox: { state: "ok" } });
});

test("a weak sandbox is usable, and the demo model is named", () => {
  const facts = withHealth({
    sandbox: { usable: true, remedy: null, checks: [{ holds: false, detail: "no memory limit" }] },
    gateway: { ready: true, url: null, message: "demo model" },
  });
  const { parts } = toReadiness(facts, "1");
  expect(parts.data).toMatchObject({ ok: true, state: "ok" });
  expect(parts.sandbox).toMatchObject({
    ok: true,
    state: "degraded",
    detail: expect.stringMatching(/no memory limit/),
  });
  expect(parts.gateway).toMatchObject({ ok: true, demo: true });
});

test("where packages come from is told with what does not work, and without tools that are not there", () => {
  const part = (packages: HealthFacts["packages"]) => toReadiness({ ...good, packages }, "1").parts.packages;
  const hosts = [
    { host: "deb.corp.example", plain: true },
    { host: "a.example", plain: false },
  ];
  expect(
    part([
      { tool: "apt", hosts, problem: null },
      { tool: "go", hosts: [], problem: "is not installed" },
      { tool: "npm", hosts: [], problem: "10.0.0.5 is an address" },
    ]),
  ).toMatchObject({
    state: "ok",
    detail: "Packages come from – apt: http://deb.corp.example, a.example; npm: (10.0.0.5 is an address).",
    hosts,
  });
  expect(part(null)).toMatchObject({ ok: true, state: "degraded" });
  expect(part([])?.detail).toContain("BERTH_PACKAGE_HOSTS");
});

test("the ceiling of networking is told, in words and as it is", () => {
  const part = (ceiling: HealthFacts["ceiling"]) => toReadiness({ ...good, ceiling }, "1").parts.networking;
  expect(part({ type: "unrestricted" })).toMatchObject({
    ok: true,
    detail: "Environments may allow every public host.",
  });
  const ceiling = {
    ...{ type: "limited" as const, allowed_hosts: ["api.github.com", "*.corp.example"] },
    ...{ allow_package_managers: true, allow_mcp_servers: false },
  };
  expect(part(ceiling)).toMatchObject({
    detail: "No environment may allow more than: api.github.com, *.corp.example, package registries.",
    ceiling,
  });
});
