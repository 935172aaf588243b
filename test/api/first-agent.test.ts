// The agent that waits for a newcomer: there as soon as a model is known, without holding up the start.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelCatalog } from "../../src/api/models.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { type FreshDatabase, freshDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const model = (id: string) => ({
  id,
  displayName: id,
  createdAt: 0,
  maxInputTokens: null,
  maxOutputTokens: null,
  inputCostPerToken: null,
  outputCostPerToken: null,
});
async function agentsOf(server: ApiServer): Promise<{ name: string; model: { id: string } }[]> {
  const answer = await server.call("GET", "/v1/agents");
  return (answer.body as { data: { name: string; model: { id: string } }[] }).data;
}

test("a gateway that is silent at first holds up nothing; once it answers, the agent is made, once for all processes", async () => {
  let answers: "never" | "an error" | "models" = "never";
  let giveUp: () => void = () => undefined;
  // A gateway that takes the connection and says nothing, for as long as a client cares to wait.
  const silence = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const models: ModelCatalog = {
    listModels: async () => {
      if (answers === "models") return [model("text-embedding-9"), model("chat-9")];
      if (answers === "an error") throw new Error("the gateway is away");
      answers = "an error";
      await silence;
      throw new Error("the gateway is silent");
    },
  };
  // Both are there while the gateway is still silent.
  const server = await startApiServer({ database, models });
  const other = await startApiServer({ database, models });
  try {
    expect(await agentsOf(server)).toEqual([]);
    answers = "models";
    giveUp();
    await until(async () => (await agentsOf(server)).length > 0, { timeoutMs: 15_000 });
    expect(await agentsOf(server)).toMatchObject([{ name: "Hello agent", model: { id: "chat-9" } }]);
  } finally {
    await other.close();
    await server.close();
  }
});
