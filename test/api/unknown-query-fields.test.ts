// A query field that no route knows is refused, as an unknown field of a body is.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiServer, startApiServer } from "../support/api-server.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

test("it is named, by reads and changes alike", async () => {
  const agent = await server.client().beta.agents.create({ name: "Ada", model: "alpha" });
  for (const [method, path] of [
    ["GET", `/v1/agents/${agent.id}/versions?limti=3`],
    ["GET", "/v1/overview?limti=3"],
    ["POST", `/v1/agents/${agent.id}/archive?limti=3`],
  ] as const) {
    const answer = await server.call(method, path);
    expect(answer.status, path).toBe(400);
    expect(JSON.stringify(answer.body)).toContain("limti: unknown field");
  }
  expect((await server.call("GET", "/v1/overview?beta=true")).status).toBe(200);
});
