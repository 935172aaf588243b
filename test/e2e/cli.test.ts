// The `berth` command as a person and a script use it, against the whole system.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBerthClient } from "../../src/client/berth.ts";
import { childEnv } from "../../src/lib/child-env.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const berthScript = path.join(repository, "scripts", "berth.cjs");
let system: System;
/** An agent whose tool calls all need permission. */
let asker: string;

beforeAll(async () => {
  system = await startSystem();
  const client = system.client();
  asker = (
    await client.beta.agents.create({
      name: "Asker",
      model: "demo",
      tools: [{ type: "agent_toolset_20260401", default_config: { permission_policy: { type: "always_ask" } } }],
    })
  ).id;
  await client.beta.agents.create({
    name: "Doer",
    model: "demo",
    tools: [{ type: "agent_toolset_20260401" }],
  });
});

afterAll(() => system.dispose());

type Running = { child: ChildProcess; out: () => string; note: () => string; ended: Promise<number | null> };

function start(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Running {
  const child = spawn(command, args, {
    cwd: repository,
    env: childEnv({ PATH: process.env.PATH, HOME: process.env.HOME, BERTH_DATA_DIR: system.dataDir, ...options.env }),
  });
  let out = "";
  let note = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    note += chunk;
  });
  if (options.input !== undefined) child.stdin.end(options.input);
  const ended = once(child, "close").then(([code]) => code);
  return { child, out: () => out, note: () => note, ended };
}

async function berth(args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const running = start("node", [berthScript, ...args], { input: "", ...options });
  const code = await running.ended;
  return { code, out: running.out(), note: running.note() };
}

function sessionIn(text: string): string {
  return /sesn_\w+/.exec(text)?.[0] ?? "";
}

test("a message is answered: words on stdout, work on stderr, exit code 0; logs and ls have it", async () => {
  const ran = await berth(["run", "Please `echo from-the-sandbox`", "--agent", "doer", "--title", "First"]);
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.out).toContain("from-the-sandbox");
  expect(ran.out).not.toContain("●");
  expect(ran.note).toContain("● bash  echo from-the-sandbox");
  const sessionId = sessionIn(ran.note);

  const listed = await berth(["ls"]);
  expect(listed.out).toMatch(new RegExp(`^${sessionId} +idle .*Doer +First$`, "m"));
  const logs = await berth(["logs", sessionId]);
  expect(logs.out).toMatch(
    /^> Please `echo from-the-sandbox`\n[\s\S]*● bash {2}echo from-the-sandbox\n↳ exit 0 · .*\n {2}from-the-sandbox\n/,
  );

  const again = await berth(["run", "-", "--session", sessionId, "--json"], { input: "Now `echo second`\n" });
  expect(again.code).toBe(0);
  const events = again.out
    .trim()
    .split("\n")
    .map((line): { type: string } => JSON.parse(line));
  expect(events[0]).toMatchObject({ type: "user.message", content: [{ text: "Now `echo second`" }] });
  expect(events.at(-1)).toMatchObject({ type: "session.status_idle", stop_reason: { type: "end_turn" } });
  expect(again.out).not.toContain("from-the-sandbox`");

  const history = await berth(["logs", sessionId, "--json"]);
  const tail = await berth(["logs", sessionId, "--json", "--tail", "3"]);
  expect(history.out.endsWith(tail.out)).toBe(true);
  expect(tail.out.trim().split("\n")).toHaveLength(3);
});

test("a call that needs permission ends a script with exit code 2; approve lets it go on, --deny tells why not", async () => {
  const ran = await berth(["run", "Please `echo allowed`", "--agent", asker]);
  expect(ran.code).toBe(2);
  const sessionId = sessionIn(ran.note);
  expect(ran.note).toContain(`berth approve ${sessionId}`);
  expect((await berth(["ls", "--waiting"])).out).toContain(sessionId);
  expect((await berth(["attach", sessionId])).code).toBe(2);

  const approved = await berth(["approve", sessionId]);
  expect(approved).toMatchObject({ code: 0, out: "Allowed: bash\n    echo allowed\n" });
  const attached = await berth(["attach", sessionId]);
  expect(attached.code).toBe(0);
  expect(attached.out).toContain("  allowed\n");
  expect(await berth(["approve", sessionId])).toMatchObject({ code: 1, out: "" });

  expect((await berth(["run", "Please `echo denied`", "--session", sessionId])).code).toBe(2);
  expect((await berth(["approve", sessionId, "--deny", "--reason", "not on a Monday"])).out).toContain("Denied: bash");
  const after = await berth(["attach", sessionId]);
  expect(after.out).toContain("not on a Monday");
  expect(after.out).not.toContain("\n  denied\n");
});

test("the last message is taken back, a fork goes on from an earlier one; both can be listed before", async () => {
  const ran = await berth(["run", "First \u001b[31m`echo one`", "--agent", "doer", "--title", "Going back"]);
  const sessionId = sessionIn(ran.note);
  await berth(["run", "Second `echo two`", "--session", sessionId]);
  const list = async () => (await berth(["rewind", sessionId, "--list"])).out.trimEnd().split("\n");
  const before = await list();
  expect(before).toHaveLength(2);
  expect(before[0]).toMatch(/^sevt_\w+ {2}First ␛\[31m`echo one`$/);

  const rewound = await berth(["rewind", sessionId]);
  expect(rewound).toMatchObject({ code: 0, out: "Taken back: Second `echo two`\n" });
  expect(await list()).toEqual(before.slice(0, 1));
  const [second] = before[1]?.split(" ") ?? [];
  expect(await berth(["rewind", sessionId, second ?? ""])).toMatchObject({ code: 1, out: "" });

  const [first] = before[0]?.split(" ") ?? [];
  const fork = sessionIn((await berth(["fork", sessionId, first ?? "", "--title", "Elsewhere"])).out);
  expect(fork).not.toBe(sessionId);
  expect((await berth(["fork", fork, "--list"])).out).toBe("");
  expect((await berth(["rewind", fork])).note).toContain("no message that could be taken back");
  const whole = sessionIn((await berth(["fork", sessionId])).out);
  expect((await berth(["fork", whole, "--list"])).out).toMatch(/^sevt_\w+ {2}First .*\n$/);
  expect((await berth(["ls"])).out).toMatch(new RegExp(`^${fork} .*Elsewhere$`, "m"));
});

test("Ctrl-C interrupts the turn; in a log that is followed it ends the reading only", async () => {
  const first = start("node", [berthScript, "run", "Please `sleep 60`", "--agent", "Doer"]);
  await until(() => first.note().includes("● bash  sleep 60"), { timeoutMs: 30_000, describe: first.note });
  first.child.kill("SIGINT");
  expect(await first.ended).toBe(130);
  expect(first.note()).toContain("Interrupted.");
  expect((await berth(["attach", sessionIn(first.note())])).code).toBe(130);

  const follower = start("node", [berthScript, "logs", "--follow", sessionIn(first.note())]);
  await until(() => follower.out().includes("Interrupted."), { describe: follower.out });
  follower.child.kill("SIGINT");
  expect(await follower.ended).toBe(0);
});

test.skipIf(!existsSync("/usr/bin/script"))(
  "on a terminal a person is asked, sees exactly what would run, and the answer counts",
  async () => {
    const command = `node ${berthScript} run 'Please \`echo asked\`' --agent ${asker}`;
    const terminal = start("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
      env: { TERM: "xterm", NO_COLOR: "1" },
    });
    await until(() => terminal.out().includes("Allow it?"), { timeoutMs: 30_000, describe: terminal.out });
    expect(terminal.out()).toContain("The agent asks to run: bash\r\n    echo asked\r\n");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours must not be there
    expect(terminal.out()).not.toMatch(/\u001b\[\d+m/);
    terminal.child.stdin?.write("y\r");
    expect(await terminal.ended).toBe(0);
    expect(terminal.out()).toContain("  asked\r\n");
  },
);

test("the doctor says in words what works, and a wrong key and a missing server what to do", async () => {
  const well = await berth(["doctor"]);
  expect(well.code).toBe(0);
  expect(well.out).toMatch(/database +ok +Postgres answers\.\n/);
  expect(well.out).toContain("Berth can be used.");

  const wrongKey = await berth(["doctor", "--api-key", "wrong-key-wrong-key"]);
  expect(wrongKey.code).toBe(1);
  expect(wrongKey.out).toMatch(/key +DOWN +The server does not take the key/);
  const refused = await berth(["ls"], { env: { BERTH_API_KEY: "wrong-key-wrong-key" } });
  expect(refused.code).toBe(1);
  expect(refused.note).toContain("BERTH_API_KEY");

  const nowhere = await berth(["ls"], { env: { BERTH_DATA_DIR: path.join(system.dataDir, "nowhere") } });
  expect(nowhere.code).toBe(1);
  expect(nowhere.note).toContain("berth up");
});

test("wrong usage is told with what would be right", async () => {
  const unknown = await berth(["lss"]);
  expect(unknown).toMatchObject({ code: 1, out: "" });
  expect(unknown.note).toContain("Did you mean ls?");
  expect((await berth(["run", "hi", "--agent", "Nobody"])).note).toMatch(/No agent is called "Nobody"[\s\S]*Asker/);
  expect((await berth(["run", "-", "--agent", "Doer"])).note).toContain("The message is empty");
  expect((await berth(["logs", "sesn_unknown"])).code).toBe(1);
});

test("login prints a link that opens the dashboard's door", async () => {
  const { code, out } = await berth(["login"]);
  expect(code).toBe(0);
  const token = /login\?token=(\S+)/.exec(out)?.[1];
  await expect(createBerthClient({ baseUrl: system.url }).signIn.withToken(token ?? "")).resolves.toBeUndefined();
});

test("network lists what a session was not let to reach, and why", async () => {
  const closed = await system.client().beta.environments.create({
    name: "Closed",
    config: { type: "cloud", networking: { type: "limited", allowed_hosts: ["api.example.com"] } },
  });
  const command = "curl -s https://refused.example.com/a/path?and=query; echo asked";
  const agents = system.client().beta.agents;
  let doer = "";
  for await (const agent of agents.list()) if (agent.name === "Doer") doer = agent.id;
  const session = await system.client().beta.sessions.create({ agent: doer, environment_id: closed.id });
  expect((await berth(["run", `Please \`${command}\``, "--session", session.id])).code).toBe(0);
  // A line is written when its request is over, a moment later.
  const listed = await until(async () => {
    const { code, out } = await berth(["network", session.id, "--refused"]);
    expect(code).toBe(0);
    return out || null;
  });
  expect(listed).toMatch(
    new RegExp(
      `^\\d+ s +${session.id} +sandbox +deny +403 +host_not_allowed +- +GET refused\\.example\\.com/a/path\\n$`,
    ),
  );
  const json = await berth(["network", "--host", "*.example.com", "--source", "sandbox", "--json"]);
  expect(JSON.parse(json.out.split("\n")[0] ?? "")).toMatchObject({ session_id: session.id, decision: "deny" });
  expect((await berth(["network", session.id, "--suspicious"])).note).toBe("No such requests yet.\n");
  expect((await berth(["network", "--source", "other"])).note).toContain("Allowed choices are sandbox, mcp");
});
