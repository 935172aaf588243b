// Turns whose sandbox is lost under them, with real sandboxes: the model is told what is known, and the next call works.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sandboxesMissing, startTestSandboxd, type TestSandboxd } from "../../test/support/local-sandboxd.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TestWorker, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { StoredEvent } from "../db/events.ts";
import { createLocalBackend } from "../sandboxes/local/local.ts";
import type { SandboxBackend } from "../sandboxes/sandbox.ts";

describe.skipIf(sandboxesMissing())("a sandbox that is lost under its turn", () => {
  let world: TurnWorld;
  let sandboxd: TestSandboxd;
  let backend: SandboxBackend;
  let worker: TestWorker | null = null;
  beforeAll(async () => {
    world = await createTurnWorld();
    sandboxd = await startTestSandboxd();
    const runnerPatience = { everyMs: 100, timeoutMs: 1000, misses: 2 };
    backend = createLocalBackend({ socketPath: sandboxd.socketPath, runnerPatience });
  });
  afterEach(async () => {
    await worker?.stop();
    worker = null;
  });
  afterAll(async () => {
    await backend.close();
    await sandboxd[Symbol.asyncDispose]();
    await world.dispose();
  });

  const bash = (command: string) => ({ name: "bash", input: { command } });
  /** Null: it does not answer, or is not there yet. */
  async function fileIn(sessionId: string, path: string): Promise<Uint8Array | "missing" | null> {
    try {
      const sandbox = await backend.open(sessionId);
      return (await sandbox.readFile(path)) ?? "missing";
    } catch {
      return null;
    }
  }
  const resultsOf = (log: readonly StoredEvent[]) =>
    log
      .filter((event) => event.type === "agent.tool_result")
      .map((event) => (event.payload.content as { text: string }[]).map((block) => block.text).join("\n"));

  test.each([
    ["kills all its processes", "kill -9 -1"],
    ["stops all its processes", "kill -STOP -1; sleep 1000"],
  ])(
    "that %s may have run, ran once, and the next call finds the files and is told of the fresh shell",
    async (_how, end) => {
      const calls = [{ toolCalls: [bash(`echo ran >> log; ${end}`)] }, { toolCalls: [bash("wc -l < log")] }];
      worker = await world.startWorker({ model: createScriptedModel(inTurn(...calls, { text: "Done." })), backend });
      const sessionId = await world.createSession();
      await world.say(sessionId, "Go");
      const [first, second] = resultsOf(await world.settled(sessionId, { reason: "end_turn" }));
      expect(first).toContain("may have run");
      expect(first).not.toContain(sandboxd.dataDir);
      expect(second).toMatch(/^\[The shell was restarted: .*\]\n1$/);
    },
  );

  test("and stuck when the user interrupts is ended, and the next turn works", async () => {
    const command = "echo ran >> log; touch began; until [ -e go ]; do sleep 0.02; done; kill -STOP -1; sleep 1000";
    const stuck = { toolCalls: [bash(command)] };
    const model = createScriptedModel(inTurn(stuck, { toolCalls: [bash("wc -l < log")] }, { text: "Done." }));
    worker = await world.startWorker({ model, backend });
    const sessionId = await world.createSession();
    await world.say(sessionId, "Go");
    await until(async () => (await fileIn(sessionId, "began")) instanceof Uint8Array);
    await (await backend.open(sessionId)).writeFile("go", new Uint8Array());
    await until(async () => (await fileIn(sessionId, "began")) === null);
    await world.send(sessionId, { type: "user.interrupt" });
    await world.settled(sessionId);
    await world.say(sessionId, "Again");
    // Who wakes it before the interrupted call has given it up waits as long as the sandbox service does: half a minute.
    const log = await world.settled(sessionId, { reason: "end_turn", timeoutMs: 90_000 });
    expect(resultsOf(log).at(-1)).toMatch(/1$/);
  }, 150_000);
});
