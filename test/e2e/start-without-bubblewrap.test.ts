// `npm start` on a machine without bubblewrap: it is installed and that is said, or it is said what to do and the rest runs.
import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findProgram } from "../../src/sandboxes/local/host.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const bwrap = findProgram("bwrap") ?? "";
const aptGet = findProgram("apt-get");

/** Hides it from what is started, and from nobody else; `script` may do more. */
const hidden = (script = ":", ...args: string[]) => [
  ...["unshare", "--mount", "--propagation", "private", "sh", "-ec"],
  `mount --bind /dev/null ${bwrap}; ${script}; shift ${args.length}; exec "$@"`,
  ...["sh", ...args],
];

/** Only root has a mount namespace that sandboxd, which is root too, starts in. */
const canHide = () =>
  sandboxesMissing() === null &&
  process.getuid?.() === 0 &&
  spawnSync(findProgram("unshare") ?? "unshare", ["--mount", "true"]).status === 0;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "berth-hidden-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

type LogEvent = { type: string; content?: { text?: string }[]; is_error?: boolean | null };

/** Says something in a new session and gives its log once it rests. */
async function say(system: System, text: string): Promise<LogEvent[]> {
  const client = system.client();
  const agent = (await client.beta.agents.list()).data[0]?.id ?? "";
  const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
  const { id } = await client.beta.sessions.create({ agent, environment_id });
  await client.beta.sessions.events.send(id, {
    events: [{ type: "user.message", content: [{ type: "text", text }] }],
  });
  const log = async () => (await client.beta.sessions.events.list(id, { limit: 100 })).data as LogEvent[];
  await until(async () => (await log()).some((event) => event.type === "session.status_idle"), { timeoutMs: 60_000 });
  return log();
}
const textsOf = (log: readonly LogEvent[], type: string) =>
  log.filter((event) => event.type === type).map((event) => (event.content ?? []).map((one) => one.text).join(""));
const sandboxState = async (system: System) => (await (await fetch(`${system.url}/readyz`)).json()).parts.sandbox;

test.runIf(canHide())("not installed: the start says what to do, and everything but tools works", async () => {
  const system = await startSystem({ wrapper: hidden(), env: { BERTH_INSTALL: "never" } });
  expect(system.output()).toMatch(/sandboxes +off: agents run without tools +off/);
  expect(system.output()).toMatch(
    /No sandbox can be made on this system\.\n.*bubblewrap.*\n.*Install bubblewrap: .*bubblewrap/,
  );

  const log = await say(system, "Please `echo hello`");
  expect(textsOf(log, "agent.tool_result").join()).toMatch(/bubblewrap/);
  expect(log.filter((event) => event.type === "agent.tool_result").every((event) => event.is_error)).toBe(true);
  expect(textsOf(log, "agent.message").join()).not.toBe("");
  expect(log.filter((event) => event.type === "session.error")).toEqual([]);

  const state = await until(async () => {
    const found = await sandboxState(system);
    return found?.ok === false && found;
  });
  expect(state.detail).toMatch(/bubblewrap/);
  expect((await fetch(`${system.url}/readyz`)).status).toBe(200);
  expect(await system.stop()).toBe(0);
  await system.dispose();
});

test.runIf(canHide() && aptGet !== null)(
  "as root with apt-get it is installed, that is said, and tools work",
  async () => {
    const apt = path.join(scratch, "apt-get");
    // As the real one, without the network: afterwards bubblewrap is there.
    await writeFile(apt, `#!/bin/sh\necho "$@" >> ${scratch}/calls\numount ${bwrap}\n`);
    await chmod(apt, 0o755);
    const system = await startSystem({
      wrapper: hidden(`mount --bind "$1" ${aptGet}`, apt),
      env: { CONTAINER_ENV_TZ: "Pacific/Auckland", CONTAINER_ENV_GREETING: "kia ora" },
    });
    expect(system.output()).toMatch(
      /Installing bubblewrap.* with apt\..*\n(.*\n)*.*Installed bubblewrap.* with apt\.\n/,
    );
    expect(system.output()).toMatch(/sandboxes +local: .*ready/);
    // What the operator configured reaches the sandbox, through the worker.
    const log = await say(system, 'Please `echo "$TZ, $GREETING" $(date +%Z)`');
    expect(textsOf(log, "agent.tool_result").join()).toMatch(/Pacific\/Auckland, kia ora NZ[SD]T/);
    expect(await system.stop()).toBe(0);
    await system.dispose();
  },
);
