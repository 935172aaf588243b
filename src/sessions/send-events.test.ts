// An answer is taken only for a tool use that waits for this kind of answer, and only once.
import { expect, test } from "vitest";
import type { AgentToolset } from "../contract/agents.ts";
import type { EventInput } from "../contract/events.ts";
import type { PendingAction } from "../db/sessions.ts";
import { checkAnswers, toolsToRemember } from "./send-events.ts";

const pending: PendingAction[] = [
  { id: "sevt_bash", type: "agent.tool_use", name: "bash", server: null },
  { id: "sevt_look", type: "agent.custom_tool_use", name: "lookup", server: null },
];
const allow = (tool_use_id: string): EventInput => ({ type: "user.tool_confirmation", tool_use_id, result: "allow" });
const result = (custom_tool_use_id: string): EventInput => ({ type: "user.custom_tool_result", custom_tool_use_id });
const message: EventInput = { type: "user.message", content: [{ type: "text", text: "hi" }] };

test.each<[string, EventInput[]]>([
  ["no answer at all", [message, { type: "user.interrupt" }]],
  ["each answer to its tool use", [message, allow("sevt_bash"), result("sevt_look")]],
  [
    "a denial with a reason",
    [{ type: "user.tool_confirmation", tool_use_id: "sevt_bash", result: "deny", deny_message: "no" }],
  ],
])("taken: %s", (_what, events) => expect(() => checkAnswers(events, pending)).not.toThrow());

test.each<[string, EventInput[], RegExp]>([
  [
    "an unknown tool use",
    [message, allow("sevt_x")],
    /^events\.1\.tool_use_id: .*sevt_x.*Waiting now: sevt_bash \(bash\)/,
  ],
  ["the same answer twice", [allow("sevt_bash"), allow("sevt_bash")], /^events\.1\.tool_use_id/],
  ["a confirmation for a custom tool", [allow("sevt_look")], /no agent\.tool_use sevt_look/],
  [
    "a result for a built-in tool",
    [result("sevt_bash")],
    /^events\.0\.custom_tool_use_id: .*Waiting now: sevt_look \(lookup\)/,
  ],
  [
    "a reason with an allowance",
    [{ type: "user.tool_confirmation", tool_use_id: "sevt_bash", result: "allow", deny_message: "?" }],
    /^events\.0\.deny_message/,
  ],
])("refused: %s", (_what, events, message) => expect(() => checkAnswers(events, pending)).toThrow(message));

test("when nothing waits, that is said", () => {
  expect(() => checkAnswers([allow("sevt_bash")], [])).toThrow(/None is waiting now/);
});

test("a denial is not remembered, and only what has a policy is", () => {
  const deny = { type: "user.tool_confirmation", tool_use_id: "sevt_bash", result: "deny", remember: true } as const;
  expect(() => checkAnswers([deny], pending)).toThrow(/remember: only goes with result "allow"/);
  const always: EventInput = {
    type: "user.tool_confirmation",
    tool_use_id: "sevt_bash",
    result: "allow",
    remember: true,
  };
  expect(() => toolsToRemember([always], { pending, tools: [] })).toThrow(/bash has no policy/);
});

test("several tools can be allowed for good at once; without the wish nothing changes", () => {
  const ask = { type: "always_ask" } as const;
  const toolset: AgentToolset = {
    type: "agent_toolset_20260401",
    default_config: { enabled: true, permission_policy: ask },
    configs: [],
  };
  const asked: PendingAction[] = [
    ...pending,
    { id: "sevt_write", type: "agent.tool_use", name: "write", server: null },
  ];
  expect(toolsToRemember([allow("sevt_bash")], { pending: asked, tools: [toolset] })).toBeNull();
  const always = (tool_use_id: string) => ({ ...allow(tool_use_id), remember: true }) as EventInput;
  const changed = toolsToRemember([always("sevt_bash"), always("sevt_write")], { pending: asked, tools: [toolset] });
  const [tool] = changed ?? [];
  if (tool?.type !== "agent_toolset_20260401") throw new Error("no toolset");
  expect(tool.configs.map(({ name, permission_policy }) => [name, permission_policy.type])).toEqual([
    ["bash", "always_allow"],
    ["write", "always_allow"],
  ]);
});
