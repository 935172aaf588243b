// A conversation becomes a prompt that every provider accepts, whatever was interrupted or compacted away.
import { expect, test } from "vitest";
import type { ModelMessage } from "./model.ts";
import { toPrompt } from "./prompt.ts";

const user = (text: string): ModelMessage => ({ role: "user", content: [{ type: "text", text }] });
const call = (id: string, changes: Partial<Extract<ModelMessage, { role: "assistant" }>> = {}): ModelMessage => ({
  role: "assistant",
  text: "",
  toolCalls: [{ id, name: "bash", input: { command: "ls" } }],
  ...changes,
});
const result = (id: string, text: string, isError = false): ModelMessage => ({
  role: "tool",
  toolCallId: id,
  name: "bash",
  content: text === "" ? [] : [{ type: "text", text }],
  isError,
});
const prompt = (messages: ModelMessage[], system = "", model = "m") => toPrompt({ model, system, messages });
const outputs = (messages: ModelMessage[]) =>
  prompt(messages).flatMap((message) =>
    message.role === "tool" ? message.content.map((part) => (part.type === "tool-result" ? part.output : null)) : [],
  );

test("an empty system prompt and empty messages are left out", () => {
  const empty: ModelMessage = { role: "assistant", text: "", toolCalls: [] };
  expect(prompt([{ role: "user", content: [] }, empty, user("hi")], " ")).toEqual([
    { role: "user", content: [{ type: "text", text: "hi" }] },
  ]);
});

test("a call whose result is missing gets one that says so, before the next message", () => {
  const messages = [user("a"), call("1"), user("b")];
  expect(prompt(messages).map(({ role }) => role)).toEqual(["user", "assistant", "tool", "user"]);
  expect(outputs(messages)).toEqual([{ type: "text", value: expect.stringContaining("interrupted") }]);
});

test("a result whose call was compacted away becomes text", () => {
  const [only] = prompt([result("gone", "a.txt")]);
  expect(only).toEqual({ role: "user", content: [{ type: "text", text: "Result of an earlier call of bash: a.txt" }] });
});

test("a second result for the same call does not answer it twice", () => {
  const messages = [user("a"), call("1"), result("1", "first"), result("1", "second")];
  expect(outputs(messages)).toEqual([{ type: "text", value: "first" }]);
});

test.each([
  ["an empty result says that it is empty", "", false, "(no output)"],
  ["an error is marked as one", "no such file", true, "Error: no such file"],
  ["an error that says so is not marked twice", "Error: no such file", true, "Error: no such file"],
])("%s", (_what, text, isError, value) => {
  expect(outputs([user("a"), call("1"), result("1", text, isError)])).toEqual([{ type: "text", value }]);
});

test("pictures of results follow as a user message after all results of the step", () => {
  const picture: ModelMessage = {
    role: "tool",
    toolCallId: "1",
    name: "read",
    content: [{ type: "image", mediaType: "image/png", data: "AAAA" }],
    isError: false,
  };
  const two = call("1", {
    toolCalls: [
      { id: "1", name: "read", input: {} },
      { id: "2", name: "bash", input: {} },
    ],
  });
  const made = prompt([user("a"), two, picture, result("2", "ok")]);
  expect(made.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool", "user"]);
  expect(made.at(-1)?.content).toEqual([
    { type: "text", text: "What read showed:" },
    { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
  ]);
});

test("text documents are shown as text, PDFs as files, others are named", () => {
  const data = Buffer.from("a,b\n1,2").toString("base64");
  const content = prompt([
    {
      role: "user",
      content: [
        { type: "file", mediaType: "text/csv", data, name: "t.csv" },
        { type: "file", mediaType: "application/pdf", data: "JVBERg==", name: "p.pdf" },
        { type: "file", mediaType: "application/zip", data: "UEsDBA==", name: "z.zip" },
        { type: "image_url", url: "https://example.test/a.png" },
      ],
    },
  ])[0]?.content;
  expect(content).toEqual([
    { type: "text", text: 'Document "t.csv" (text/csv):\na,b\n1,2' },
    { type: "file", mediaType: "application/pdf", filename: "p.pdf", data: { type: "data", data: "JVBERg==" } },
    { type: "text", text: expect.stringContaining('"z.zip" of type application/zip') },
    { type: "file", mediaType: "image/*", data: { type: "url", url: new URL("https://example.test/a.png") } },
  ]);
});

const thinkingBlocks = [{ type: "thinking", thinking: "Hm.", signature: "SIG" }];

test("signed thinking goes back to the model that made it, within the turn", () => {
  const reasoning = { model: "m", text: "Hm.", thinkingBlocks };
  expect(prompt([user("a"), call("1", { reasoning })])[1]).toMatchObject({
    providerOptions: { openaiCompatible: { thinking_blocks: thinkingBlocks } },
    content: [{ type: "tool-call" }],
  });
});

test("plain reasoning goes back as reasoning", () => {
  const reasoning = { model: "m", text: "Hm.", thinkingBlocks: [] };
  expect(prompt([user("a"), call("1", { reasoning })])[1]?.content).toMatchObject([
    { type: "reasoning", text: "Hm." },
    {},
  ]);
});

test.each([
  ["of another model", { model: "other", text: "Hm.", thinkingBlocks }, []],
  ["of an earlier turn", { model: "m", text: "Hm.", thinkingBlocks }, [result("1", "x"), user("b")]],
  ["of an unknown shape", { anything: 1 }, []],
])("reasoning %s is left out", (_what, reasoning, after) => {
  const made = prompt([user("a"), call("1", { reasoning }), ...after]);
  expect(made[1]).toEqual({ role: "assistant", content: [expect.objectContaining({ type: "tool-call" })] });
});
