// API keys: made, told once, listed, revoked everywhere within seconds.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApiKey, CreatedApiKey } from "../../src/contract/api-keys.ts";
import type { Page } from "../../src/contract/page.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { until } from "../support/until.ts";

let server: ApiServer;
let other: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
  other = await startApiServer({ database: server.database });
});
afterAll(async () => {
  await other.close();
  await server.close();
});

async function makeKey(name: string): Promise<CreatedApiKey & { value: string }> {
  const answer = await server.call("POST", "/v1/api_keys", { body: { name } });
  expect(answer.status).toBe(200);
  return answer.body as CreatedApiKey & { value: string };
}
const listKeys = async (query = "") => (await server.call("GET", `/v1/api_keys${query}`)).body as Page<ApiKey>;
const statusWith = async (at: ApiServer, key: string) =>
  (await at.call("GET", "/v1/agents", { anonymous: true, headers: { "x-api-key": key } })).status;

test("a new key works at every web process, and is refused at each within 5 seconds after it was revoked", async () => {
  const key = await makeKey("ci");
  expect([await statusWith(server, key.value), await statusWith(other, key.value)]).toEqual([200, 200]);
  const listed = (await listKeys()).data.find((each) => each.id === key.id);
  expect(listed).toMatchObject({ name: "ci", revoked_at: null, last_used_at: expect.any(String) });

  const revoked = await server.call("POST", `/v1/api_keys/${key.id}/revoke`);
  expect(revoked.body).toMatchObject({ id: key.id, revoked_at: expect.any(String) });
  for (const each of [server, other])
    await until(async () => (await statusWith(each, key.value)) === 401, { timeoutMs: 5_500 });
  const again = await server.call("POST", `/v1/api_keys/${key.id}/revoke`);
  expect(again.body).toEqual({ ...(revoked.body as ApiKey), last_used_at: expect.any(String) });
});

test("a browser that logged in with a key is logged out with it, in words, and its live stream ends; others stay", async () => {
  const key = await makeKey("browser");
  const logIn = async (proof: object) => {
    const answer = await server.call("POST", "/auth/login", {
      anonymous: true,
      body: proof,
      headers: { "x-berth-csrf": "1", "sec-fetch-site": "same-origin", "content-type": "application/json" },
    });
    expect(answer.status).toBe(204);
    return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  const [mine, others] = [await logIn({ api_key: key.value }), await logIn({ api_key: server.apiKey })];
  const read = (cookie: string) => server.call("GET", "/v1/agents", { anonymous: true, headers: { cookie } });
  expect([(await read(mine)).status, (await read(others)).status]).toEqual([200, 200]);
  const stream = await fetch(`${server.url}/v1/sessions/stream`, { headers: { cookie: mine } });
  await server.call("POST", `/v1/api_keys/${key.id}/revoke`);
  const said = await stream.text();
  expect(said).toContain("event: error");
  expect(said).toContain("The API key that you logged in with was revoked");
  const refused = await read(mine);
  expect(refused.status).toBe(401);
  expect(JSON.stringify(refused.body)).toContain("The API key that you logged in with was revoked");
  expect((await read(others)).status).toBe(200);
});

test("the value is told once: not in a list, not when the request is repeated, not in the database", async () => {
  const headers = { "idempotency-key": "make-one-key" };
  const made = async () => (await server.call("POST", "/v1/api_keys", { body: { name: "once" }, headers })).body;
  const first = (await made()) as CreatedApiKey;
  expect(first.value).toMatch(/^berth_[\w-]{43}$/);
  expect(await made()).toEqual({ ...first, value: null });
  expect(JSON.stringify(await listKeys())).not.toContain(first.value);
  const kept = await server.web.db.selectFrom("idempotency_keys").selectAll().execute();
  expect(kept.length).toBeGreaterThan(0);
  expect(JSON.stringify(kept)).not.toContain(first.value);
});

test("pages lead through all keys", async () => {
  for (const name of ["a", "b", "c"]) await makeKey(name);
  const all = (await listKeys("?limit=1000")).data.map((key) => key.id);
  const walked: string[] = [];
  for (let page: string | null = ""; page !== null; ) {
    const answer: Page<ApiKey> = await listKeys(`?limit=2${page === "" ? "" : `&page=${page}`}`);
    walked.push(...answer.data.map((key) => key.id));
    page = answer.next_page;
  }
  expect(walked).toEqual(all);
  expect((await server.call("GET", "/v1/api_keys?page=nonsense")).status).toBe(400);
});

test("the server's own key is neither revoked nor imitated; unknown keys are 404", async () => {
  const operator = (await listKeys("?limit=1000")).data.find((key) => key.name === "operator");
  const refused = await server.call("POST", `/v1/api_keys/${operator?.id}/revoke`);
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining("BERTH_API_KEY")]);
  expect((await server.call("POST", "/v1/api_keys", { body: { name: " operator " } })).status).toBe(400);
  expect((await server.call("POST", "/v1/api_keys", { body: { name: " " } })).status).toBe(400);
  expect((await server.call("POST", "/v1/api_keys/apikey_nothing/revoke")).status).toBe(404);
});
