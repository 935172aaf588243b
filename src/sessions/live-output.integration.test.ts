// Output of a command while it runs, with real sandboxes: seen before its result, by late ones too, and on at another worker.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sandboxesMissing, startTestSandboxd, type TestSandboxd } from "../../test/support/local-sandboxd.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TestWorker, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { ToolOutputDelta } from "../contract/events.ts";
import { isToolOutput } from "../contract/previews.ts";
import type { StoredEvent } from "../db/events.ts";
import { createNotifier, type Listener, listenForWakeups, type Preview } from "../db/wakeups.ts";
import { createLogger } from "../lib/logger.ts";

describe.skipIf(sandboxesMissing())("a command that prints over time", () => {
  const logger = createLogger("test", { level: "silent", pretty: false });
  let world: TurnWorld;
  let sandboxd: TestSandboxd;
  let listener: Listener;
  let heard: Preview[] = [];
  beforeAll(async () => {
    world = await createTurnWorld();
    sandboxd = await startTestSandboxd();
    listener = listenForWakeups({
      url: world.url,
      applicationName: "test",
      logger,
      onPreview: (preview) => heard.push(preview),
    });
    await until(() => listener.connected);
  });
  beforeEach(() => {
    heard = [];
  });
  afterEach(() => world.clear());
  afterAll(async () => {
    await listener.close();
    await sandboxd[Symbol.asyncDispose]();
    await world.dispose();
  });

  async function begin(command: string): Promise<string> {
    const sessionId = await world.createSession();
    await startWorker(command);
    await world.say(sessionId, "Go");
    return sessionId;
  }
  async function startWorker(command: string): Promise<TestWorker> {
    const model = createScriptedModel(inTurn({ toolCalls: [{ name: "bash", input: { command } }] }, { text: "Done." }));
    return world.startWorker({ model, backend: sandboxd.backend });
  }
  const letGo = async (sessionId: string, file: string) => {
    await (await sandboxd.backend.open(sessionId)).writeFile(file, new Uint8Array());
  };
  const deltas = () => heard.flatMap(({ data }) => (data.type === "event_delta" && isToolOutput(data) ? [data] : []));
  /** Of what was told again, once: a worker that begins to listen late tells all of it from the beginning. */
  const textOf = (pieces: readonly ToolOutputDelta[]) =>
    pieces
      .slice(Math.max(0, pieces.map(({ delta }) => delta.byte_offset).lastIndexOf(0)))
      .map(({ delta }) => delta.content.text)
      .join("");
  const resultOf = (log: readonly StoredEvent[]) => log.find((event) => event.type === "agent.tool_result");
  const shown = (result: StoredEvent | undefined) =>
    (result?.payload.content as { text: string }[] | undefined)?.[0]?.text ?? "";
  const waiting = (file: string) => `until [ -e ${file} ]; do sleep 0.01; done`;

  test("is seen before its result, as the result's beginning, under the result's id and the call's", async () => {
    const sessionId = await begin(
      `echo eins; ${waiting("a")}; echo zwei ä; ${waiting("b")}; echo drei; exit_7() { return 7; }; exit_7`,
    );
    await until(() => textOf(deltas()) === "eins");
    expect(resultOf(await world.log(sessionId))).toBeUndefined();
    await letGo(sessionId, "a");
    await until(() => textOf(deltas()) === "eins\nzwei ä");
    expect(resultOf(await world.log(sessionId))).toBeUndefined();
    await letGo(sessionId, "b");
    const log = await world.settled(sessionId);
    const result = resultOf(log);
    expect(shown(result)).toBe("eins\nzwei ä\ndrei");
    expect(shown(result).startsWith(textOf(deltas()))).toBe(true);
    const call = log.find((event) => event.type === "agent.tool_use");
    expect(heard[0]?.data).toEqual({
      type: "event_start",
      event: { type: "agent.tool_result", id: result?.id, tool_use_id: call?.id },
    });
    let reached = 0;
    for (const { event_id, tool_use_id, delta } of deltas()) {
      if (delta.byte_offset === 0) reached = 0;
      expect([event_id, tool_use_id, delta.byte_offset]).toEqual([result?.id, call?.id, reached]);
      reached += delta.byte_count;
    }
    expect(result?.payload).toMatchObject({ is_error: true, exit_code: 7, duration_ms: expect.any(Number) });
    expect(log.filter((event) => event.type.startsWith("event_"))).toEqual([]);
  });

  test("that ends at once is told by its result alone", async () => {
    const log = await world.settled(await begin("echo quick"));
    expect(shown(resultOf(log))).toBe("quick");
    expect(resultOf(log)?.payload).toMatchObject({ exit_code: 0 });
    expect(heard.filter(({ data }) => data.type === "event_delta" && isToolOutput(data))).toEqual([]);
  });

  test("is told again to those who ask for it", async () => {
    const sessionId = await begin(`echo eins; ${waiting("a")}`);
    await until(() => deltas().length === 1);
    const notifier = createNotifier({ url: world.url, applicationName: "test", logger });
    notifier.wantPreviews(sessionId);
    await until(() => deltas().length > 1);
    await notifier.close();
    expect(heard[2]).toEqual(heard[0]);
    expect(deltas()[1]).toEqual(deltas()[0]);
    await letGo(sessionId, "a");
    await world.settled(sessionId);
  });

  test("is told again by a worker that could not hear who asked for it", async () => {
    const sessionId = await begin(`echo eins; ${waiting("a")}`);
    await until(() => deltas().length > 0);
    const before = deltas().length;
    const ended = await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'berth-worker' and query like 'listen %'`.execute(
      world.db,
    );
    expect(ended.rows).toHaveLength(1);
    await until(() => deltas().length > before);
    expect(textOf(deltas())).toBe("eins");
    await letGo(sessionId, "a");
    await world.settled(sessionId);
  });

  test("goes on at another worker, from its beginning", async () => {
    const command = `echo eins; ${waiting("a")}; echo zwei; ${waiting("b")}; echo drei`;
    const sessionId = await world.createSession();
    const first = await startWorker(command);
    await world.say(sessionId, "Go");
    await until(() => textOf(deltas()) === "eins");
    await first.stop();
    heard = [];
    await startWorker(command);
    await until(() => textOf(deltas()) === "eins");
    await letGo(sessionId, "a");
    await until(() => textOf(deltas()) === "eins\nzwei");
    await letGo(sessionId, "b");
    const log = await world.settled(sessionId);
    expect(shown(resultOf(log))).toBe("eins\nzwei\ndrei");
    expect(deltas().at(-1)?.event_id).toBe(resultOf(log)?.id);
  });

  test("in a flood is told in part: its beginning, its end, and a few notifications a second", async () => {
    const sessionId = await begin(`seq 1 2000000; ${waiting("a")}`);
    await until(() => textOf(deltas()).endsWith("2000000"));
    await letGo(sessionId, "a");
    const { payload } = resultOf(await world.settled(sessionId)) ?? {};
    expect(textOf(deltas()).startsWith("1\n2\n3\n")).toBe(true);
    const last = deltas().at(-1)?.delta;
    const printed = (last?.byte_offset ?? 0) + (last?.byte_count ?? 0);
    // All but the newline at the end, which may begin the shell's own mark.
    expect(printed).toBe(14_888_895);
    expect(textOf(deltas()).length).toBeLessThan(64_000 + 200 * Number(payload?.duration_ms));
    expect(textOf(deltas()).length).toBeLessThan(printed / 10);
  });
});
