// The demo model shows the whole path, from the conversation alone.
import { describe, expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { createDemoModel } from "./demo.ts";
import type { ContentPart, ModelAnswer, ModelMessage, ModelPart, ToolSpec } from "./model.ts";

const model = createDemoModel({ clock: systemClock, wordDelayMs: 0 });
const tool = (name: string): ToolSpec => ({ name, description: name, inputSchema: {} });
const ALL = ["bash", "write", "read"].map(tool);
const says = (text: string): ModelMessage => ({ role: "user", content: [{ type: "text", text }] });

async function answer(messages: ModelMessage[], tools = ALL, onPart: (part: ModelPart) => void = () => undefined) {
  return model.streamAnswer(
    { model: "demo", system: "", messages, tools, signal: new AbortController().signal },
    onPart,
  );
}

type Reply = (call: { name: string; input: unknown }) => { text: string; isError?: boolean };

/** Plays a turn to its end: every call gets a reply. */
async function play(messages: ModelMessage[], reply: Reply = () => ({ text: "ok" }), tools = ALL) {
  const history = [...messages];
  const steps: ModelAnswer[] = [];
  for (let step = 0; step < 10; step++) {
    const next = await answer(history, tools);
    steps.push(next);
    history.push({ role: "assistant", text: next.text, toolCalls: next.toolCalls });
    if (next.toolCalls.length === 0) return { steps, history, last: next.text };
    for (const call of next.toolCalls) {
      const { text, isError = false } = reply(call);
      history.push({ role: "tool", toolCallId: call.id, name: call.name, content: [{ type: "text", text }], isError });
    }
  }
  throw new Error("the demo model never ends");
}
const inputs = (step: ModelAnswer | undefined) => step?.toolCalls.map(({ input }) => input);

describe("the first message", () => {
  test("without a command starts a tour: look around, write, read back, and how to connect a gateway", async () => {
    const { steps, last } = await play([says("hello")]);
    expect(steps.map((step) => step.toolCalls.map(({ name }) => name))).toEqual([["bash"], ["write"], ["read"], []]);
    expect(inputs(steps[0])).toEqual([{ command: "pwd; ls -la; uname -sr" }]);
    expect(inputs(steps[2])).toEqual([{ file_path: "hello-from-berth.md" }]);
    expect(last).toContain("LITELLM_GATEWAY_URL");
    expect(last).toContain("LITELLM_API_KEY");
  });

  test("without tools gets a plain answer", async () => {
    const { steps } = await play([says("hello")], undefined, []);
    expect(steps).toHaveLength(1);
    expect(steps[0]?.finish).toBe("stop");
  });
});

describe("a command in backticks", () => {
  test("is run and its output shown", async () => {
    const { steps, last } = await play([says("please run `uname -s`")], () => ({ text: "Linux\n" }));
    expect(inputs(steps[0])).toEqual([{ command: "uname -s" }]);
    expect(last).toContain("`uname -s` answered:\n```\nLinux\n```");
  });

  test("one of several runs after the other", async () => {
    const { steps } = await play([says("`a` then `b`")]);
    expect(steps.map(inputs)).toEqual([[{ command: "a" }], [{ command: "b" }], []]);
  });

  test("several run at once when they are asked for in parallel", async () => {
    const { steps } = await play([says("run `a`, `b` and `c` in parallel")]);
    expect(inputs(steps[0])).toEqual([{ command: "a" }, { command: "b" }, { command: "c" }]);
    expect(steps).toHaveLength(2);
  });

  test("may be a block of lines", async () => {
    const { steps } = await play([says("```bash\ncd /tmp\nls\n```")]);
    expect(inputs(steps[0])).toEqual([{ command: "cd /tmp\nls" }]);
  });

  test("can't be run without the tool, and the answer says so", async () => {
    const { steps, last } = await play([says("`ls`")], undefined, [tool("read")]);
    expect(steps).toHaveLength(1);
    expect(last).toContain("no bash tool");
  });

  test("that fails is described, and the next one still runs", async () => {
    const { steps, last } = await play([says("`false` and `true`")], ({ input }) =>
      JSON.stringify(input).includes("false") ? { text: "exit code 1", isError: true } : { text: "" },
    );
    expect(steps).toHaveLength(3);
    expect(last).toContain("`false` failed:\n```\nexit code 1");
    expect(last).toContain("`true` printed nothing");
  });

  test("that was denied ends the turn with that answer", async () => {
    const reply: Reply = () => ({ text: "The user denied this tool call: too dangerous", isError: true });
    const { steps, last } = await play([says("`rm -rf /` then `ls`")], reply);
    expect(steps).toHaveLength(2);
    expect(last).toContain("You did not allow `rm -rf /`");
    expect(last).toContain("too dangerous");
  });

  test.each(["cat: Permission denied", "HTTP 403: Access denied"])(
    "that failed with '%s' was not denied by the user",
    async (text) => {
      const { last } = await play([says("`cat /etc/shadow`")], () => ({ text, isError: true }));
      expect(last).toContain("`cat /etc/shadow` failed");
    },
  );

  test("with a huge output is shown in part", async () => {
    const { last } = await play([says("`yes`")], () => ({ text: "y\n".repeat(50_000) }));
    expect(last.length).toBeLessThan(3_000);
    expect(last).toContain("99999 characters in all");
  });
});

describe("a named tool", () => {
  test("is called with the JSON that follows", async () => {
    const { steps, last } = await play([says('use the get_weather tool {"city":"Rome"}')], () => ({ text: "sunny" }), [
      tool("get_weather"),
    ]);
    expect(steps[0]?.toolCalls).toMatchObject([{ name: "get_weather", input: { city: "Rome" } }]);
    expect(last).toContain("sunny");
  });

  test("that is not there is said to be missing", async () => {
    expect((await play([says("use the nope tool")])).last).toContain('no tool "nope"');
  });

  test("R14: a message of a million brackets holds up nobody", async () => {
    const { steps } = await play([says(`use the read tool ${"{".repeat(1_000_000)}`)]);
    expect(steps[0]?.toolCalls).toMatchObject([{ name: "read", input: {} }]);
  });
});

test("pictures and files are named", async () => {
  const content: ContentPart[] = [
    { type: "text", text: "what is this?" },
    { type: "image", mediaType: "image/png", data: "A".repeat(8_192) },
    { type: "file", mediaType: "application/pdf", data: "AAAA", name: "report.pdf" },
  ];
  const { last } = await play([{ role: "user", content }]);
  expect(last).toContain("a picture (image/png, 6 KB)");
  expect(last).toContain("report.pdf");
});

test("how to connect a gateway is told at length once, then in one line", async () => {
  const first = await play([says("hello")], undefined, []);
  const second = await play([...first.history, says("and now?")], undefined, []);
  expect(first.last).toContain("I am Berth's demo model");
  expect(second.last).not.toContain("I am Berth's demo model");
  expect(second.last).toContain("LITELLM_GATEWAY_URL");
});

test("messages that waited together are answered together", async () => {
  const { steps } = await play([says("`a`"), says("`b`")]);
  expect(steps.map(inputs)).toEqual([[{ command: "a" }], [{ command: "b" }], []]);
});

test("a summary of the conversation so far is no new request", async () => {
  const summary = says(
    "The conversation so far was too long and was summed up. The summary:\n\nHe asked to run `rm -rf x`.",
  );
  const { steps } = await play([summary, says("`ls`")]);
  expect(steps.map(inputs)).toEqual([[{ command: "ls" }], []]);
});

test("asked to sum up, it keeps the ends and calls nothing", async () => {
  const messages = [says(`first \`ls\` ${"x".repeat(100_000)} last`)];
  const { signal } = new AbortController();
  const request = { model: "demo", system: "You summarise conversations.", messages, tools: [], signal };
  const { text, toolCalls } = await model.streamAnswer(request, () => undefined);
  expect(toolCalls).toEqual([]);
  expect(text).toMatch(/first[\s\S]*last$/);
  expect(text.length).toBeLessThan(4_000);
});

test("the same conversation gives the same answer, and no two steps share a call id", async () => {
  const { steps } = await play([says("`a` then `a`")]);
  const again = await play([says("`a` then `a`")]);
  expect(again.steps).toEqual(steps);
  const ids = steps.flatMap((step) => step.toolCalls.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test("the streamed parts are the answer, word by word", async () => {
  const parts: ModelPart[] = [];
  const whole = await answer([says("hello")], ALL, (part) => parts.push(part));
  const joined = (type: ModelPart["type"]) =>
    parts
      .filter((part) => part.type === type)
      .map((part) => ("text" in part ? part.text : ""))
      .join("");
  expect(joined("text")).toBe(whole.text);
  expect(joined("reasoning")).toBe(whole.reasoning);
  expect(parts.length).toBeGreaterThan(5);
});

test("an interrupt stops the stream with its reason", async () => {
  const slow = createDemoModel({ clock: systemClock, wordDelayMs: 5 });
  const abort = new AbortController();
  const request = { model: "demo", system: "", messages: [says("hello")], tools: ALL, signal: abort.signal };
  const running = slow.streamAnswer(request, () => abort.abort(new Error("interrupted")));
  await expect(running).rejects.toThrow("interrupted");
});

test("tokens are plausible and cost nothing", async () => {
  const { usage, cost } = await answer([says("hello")]);
  expect(usage.inputTokens).toBeGreaterThan(3);
  expect(usage.outputTokens).toBeGreaterThan(10);
  expect(cost.usd).toBe("0");
});
