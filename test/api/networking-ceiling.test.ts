// What no environment may exceed: refused when it is written, told with what may be, and held below it where it was written before.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Networking } from "../../src/contract/environments.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

const CEILING: Networking = {
  type: "limited",
  ...{ allowed_hosts: ["api.github.com", "*.corp.example"], allow_package_managers: true, allow_mcp_servers: false },
};
let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer({ networkingCeiling: CEILING });
});
afterAll(() => server?.close());

const make = (name: string, networking?: object) =>
  server.call("POST", "/v1/environments", {
    body: { name, ...(networking ? { config: { type: "cloud", networking } } : {}) },
  });
const limited = (allowed_hosts: string[], more: object = {}) => ({ type: "limited", allowed_hosts, ...more });

test.each<[object, string[]]>([
  [{ type: "unrestricted" }, ["unrestricted", "api.github.com, *.corp.example, package registries"]],
  [
    limited(["git.corp.example", "evil.example.com", "*.github.com"]),
    ['\\"evil.example.com\\", \\"*.github.com\\" are'],
  ],
  [limited([], { allow_mcp_servers: true }), ["allow_mcp_servers"]],
])("%j is refused, at creation and in a change, with what exceeds and what is allowed", async (networking, words) => {
  const before = await make(`before ${JSON.stringify(networking)}`, limited(["git.corp.example"]));
  const { id } = before.body as { id: string };
  const changed = await server.call("POST", `/v1/environments/${id}`, {
    body: { config: { type: "cloud", networking } },
  });
  for (const { status, body } of [await make("too much", networking), changed]) {
    expect(status).toBe(400);
    for (const word of [...words, "BERTH_NETWORKING_CEILING", "*.corp.example"])
      expect(JSON.stringify(body)).toContain(word);
  }
});

test("what is made without a choice is limited, and what lies below the ceiling is written", async () => {
  expect((await make("no choice")).body).toMatchObject({
    config: { networking: { type: "limited", allowed_hosts: [] } },
  });
  const below = await make("below", limited(["a.b.corp.example"], { allow_package_managers: true }));
  expect(below.status).toBe(200);
  const { data } = await server.client().beta.environments.list();
  expect(data.find((one) => one.name === "default")).toMatchObject({ config: { networking: { type: "limited" } } });
});

test("one click allows what lies below, and says that the ceiling refuses what does not", async () => {
  const { id } = (await make("clicked")).body as { id: string };
  // As an environment of before the ceiling may say.
  await sql`update environments set config = jsonb_set(config, '{networking,allow_mcp_servers}', 'true') where id = ${id}`.execute(
    server.web.db,
  );
  const allow = (host: string) => server.call("POST", `/v1/environments/${id}/allowed_hosts`, { body: { host } });
  expect((await allow("git.corp.example")).status).toBe(200);
  const refused = await allow("evil.example.com");
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toMatch(/evil\.example\.com.*is more than this server allows.*api\.github\.com/);
});

test("an environment of before keeps what it says, and all but its network can be changed", async () => {
  const { id } = (await make("old")).body as { id: string };
  await sql`update environments set config = jsonb_set(config, '{networking}', '{"type":"unrestricted"}') where id = ${id}`.execute(
    server.web.db,
  );
  const { status, body } = await server.call("POST", `/v1/environments/${id}`, { body: { description: "renamed" } });
  expect(status).toBe(200);
  expect(body).toMatchObject({ description: "renamed", config: { networking: { type: "unrestricted" } } });
});

test("/readyz tells it", async () => {
  const { body } = await server.call("GET", "/readyz");
  expect(body).toMatchObject({ parts: { networking: { ok: true, ceiling: CEILING } } });
});
