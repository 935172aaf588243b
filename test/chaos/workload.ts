// Sessions of different kinds, each driven by a client of its own for as long as a run goes on.
import { setTimeout as sleep } from "node:timers/promises";
import { pickFrom, seeded } from "../support/seeded.ts";
import type { ReceivedFrame } from "../support/stream-reader.ts";
import { makeAndDelete } from "./deletions.ts";
import type { Accepted, Fork } from "./facts.ts";
import { createTimeTravel } from "./going-back.ts";
import { openPatientStream, type PatientStream, Refused, request, type Server, sendEvents } from "./patient-client.ts";
import type { RowUpstream } from "./row-upstream.ts";

const KINDS = [
  "long command",
  "steps",
  "parallel calls",
  "approvals",
  "custom tool",
  "interrupts",
  "queued messages",
  "full disk",
  "talk only",
  "rewinds",
  "forks",
  "kept files",
  "deletions",
  "upstream",
] as const;
export type Kind = (typeof KINDS)[number] | "a fork";

/** A turn may meet several faults, and a lease that has to run out. */
const TURN_LIMIT_MS = 150_000;
/** Between two turns: a machine that is busy all the time meets fewer moments, not more. */
const REST_MS = 1_500;
/** A copy of a copy is a copy like any other; each has a sandbox. */
const MAX_DEPTH = 2;
const LEDGER = "/workspace/ledger";

type Agents = Record<"allowed" | "asking" | "custom", string>;

async function makeAgents(server: Server): Promise<Agents> {
  const make = async (name: string, tools: object[]) =>
    (await request<{ id: string }>(server, "POST", "/v1/agents", { name, model: "scripted", tools })).id;
  const toolset = (policy: string) => ({
    type: "agent_toolset_20260401",
    default_config: { enabled: true, permission_policy: { type: policy } },
  });
  return {
    allowed: await make("allowed", [toolset("always_allow")]),
    asking: await make("asking", [toolset("always_ask")]),
    custom: await make("custom", [
      { type: "custom", name: "lookup", description: "Looks up", input_schema: { type: "object", properties: {} } },
    ]),
  };
}

export type Driven = {
  readonly sessionId: string;
  readonly kind: Kind;
  /** In its markers and tags. */
  readonly index: number;
  readonly accepted: Accepted[];
  readonly complaints: string[];
  readonly stream: PatientStream;
  /** `seq` up to which it was told that its files are in a snapshot. */
  readonly kept: number[];
  /** Those that it saw listed, with their places in the log. */
  readonly snapshots: Map<string, number>;
  readonly rewinds: string[];
  readonly forkOf: Fork | null;
  /** Sessions that its client made beside, and deleted. */
  readonly deleted: string[];
  /** How often its disk was taken away. */
  losses: number;
  turns: number;
  /** Resolves when the client has ended its last turn after `stop`. */
  done: Promise<void>;
  /** The ledger's lines, read by a command in the session. */
  readLedger(): Promise<string>;
};

type Drive = {
  server: Server;
  /** For sessions that are made on the way. */
  agent: string;
  /** Null: nothing is reached from its sandbox. */
  upstream: RowUpstream | null;
  kind: Kind;
  index: number;
  random: () => number;
  goesOn: () => boolean;
  /** Zero: it is no copy. */
  depth: number;
  /** Takes over the copy of a session that its client made. */
  onFork: (sessionId: string, forkOf: Fork) => void;
};

/** `count` sessions of all kinds in turn. The forks that their clients make are added to the answer as they come. */
export async function driveMany(options: {
  server: Server;
  count: number;
  seed: number;
  goesOn: () => boolean;
  upstream?: RowUpstream;
}): Promise<Driven[]> {
  const { server, goesOn, upstream = null } = options;
  const kinds = KINDS.filter((kind) => kind !== "upstream" || upstream);
  const agents = await makeAgents(server);
  const driven: Driven[] = [];
  let indexes = 0;
  const next = (kind: Kind, depth = 0): Drive => {
    const index = indexes++;
    const onFork: Drive["onFork"] = (id, forkOf) => void driven.push(drive(id, forkOf, next("a fork", depth + 1)));
    const random = seeded(options.seed + index);
    return { server, agent: agents.allowed, upstream, kind, index, depth, random, goesOn, onFork };
  };
  for (let count = 0; count < options.count; count++) {
    const kind = kinds[count % kinds.length] ?? "steps";
    const agent = kind === "custom tool" ? agents.custom : kind === "approvals" ? agents.asking : agents.allowed;
    const { id } = await request<{ id: string }>(server, "POST", "/v1/sessions", { agent });
    driven.push(drive(id, null, next(kind)));
  }
  return driven;
}

/** Each has gone so far, or met trouble. Those whose turns wait for a snapshot, and forks, which begin later, are not waited for. */
export function allWorked(driven: readonly Driven[], turns: (one: Driven) => number): boolean {
  const prompt = driven.filter(({ kind }) => kind !== "kept files" && kind !== "a fork");
  return prompt.every((one) => one.turns >= turns(one) || one.complaints.length > 0);
}

/** Also of a fork that was made last. */
export async function allDone(driven: readonly Driven[]): Promise<void> {
  for (let known = -1; known < driven.length; ) {
    known = driven.length;
    await Promise.all(driven.map((one) => one.done));
  }
}

function drive(sessionId: string, forkOf: Fork | null, options: Drive): Driven {
  const { server, kind, index, random } = options;
  const stream = openPatientStream(server, sessionId);
  const accepted: Accepted[] = [];
  const complaints: string[] = [];
  const answered = new Set<string>();
  const kept: number[] = [];
  const rewinds: string[] = [];
  const deleted: string[] = [];
  const snapshots = new Map<string, number>();
  let markers = 0;
  let messages = 0;
  let readsLedger = false;

  const mark = () => `T${index}x${++markers}`;
  const append = () => `echo ${mark()} >> ${LEDGER}`;
  const send = async (...events: object[]) => accepted.push(...(await sendEvents(server, sessionId, events)));
  const say = (text: string) =>
    send({ type: "user.message", content: [{ type: "text", text: `M${index}x${++messages}: ${text}` }] });

  /** Answers what waits for a person or a program. An answer that came too late is refused, and that is right. */
  async function answer(frame: ReceivedFrame): Promise<void> {
    const reason = frame.data.stop_reason as { type: string; event_ids?: string[] };
    if (reason.type !== "requires_action") return;
    for (const id of reason.event_ids ?? []) {
      if (answered.has(id)) continue;
      answered.add(id);
      const call = stream.frames.find((one) => one.data.id === id);
      const content = [{ type: "text", text: "found" }];
      const event =
        call?.type === "agent.custom_tool_use"
          ? { type: "user.custom_tool_result", custom_tool_use_id: id, content }
          : {
              type: "user.tool_confirmation",
              tool_use_id: id,
              result: readsLedger || random() < 0.8 ? "allow" : "deny",
            };
      await send(event);
    }
  }

  /** It waited for what is answered by now: another status follows. */
  function isAnswered(idle: ReceivedFrame): boolean {
    const reason = idle.data.stop_reason as { type: string; event_ids?: string[] };
    const asked = reason.type === "requires_action" ? (reason.event_ids ?? []) : [];
    return asked.length > 0 && asked.every((id) => answered.has(id));
  }

  /** Until everything that was sent is processed, and the session rests. */
  /** How often each entry has come, of as many frames as were looked at: the log grows, and is not read from its start again each time. */
  const entered = new Map<string, number>();
  let looked = 0;
  let settled = 0;

  function look(frames: readonly ReceivedFrame[]): void {
    for (; looked < frames.length; looked++) {
      const id = String(frames[looked]?.data.id);
      entered.set(id, (entered.get(id) ?? 0) + 1);
    }
  }

  /** Until everything that was sent is processed, and the session rests. */
  async function settle(): Promise<void> {
    for (;;) {
      const wanted = accepted.slice(settled).map(({ id }) => id);
      const rests = (frames: readonly ReceivedFrame[]) => {
        look(frames);
        // An interrupt of a session that rests is the last entry, and changes nothing.
        const status = frames.findLast(({ type }) => type.startsWith("session.status_"));
        if (status?.type !== "session.status_idle" || isAnswered(status)) return false;
        return wanted.every((id) => (entered.get(id) ?? 0) >= 2);
      };
      await stream.waitFor(rests, TURN_LIMIT_MS, "the turn did not end");
      const idle = stream.frames.findLast(({ type }) => type === "session.status_idle");
      if (!idle) throw new Error("no frame");
      const before = accepted.length;
      await answer(idle);
      if (accepted.length === before) {
        settled = before;
        return;
      }
    }
  }

  async function turn(): Promise<void> {
    switch (kind) {
      case "long command":
        await say(`RUNCMD[${append()}; sleep ${(0.3 + random() * 2).toFixed(1)}; ${append()}]`);
        break;
      case "steps":
        await say(`STEPS[${append()}|${append()}|${append()}; sleep 0.3|${append()}]`);
        break;
      case "parallel calls":
        await say(`PARALLEL[${append()}|${append()}; sleep 0.5|${append()}]`);
        break;
      case "approvals":
        await say(`RUNCMD[${append()}]`);
        break;
      case "custom tool":
        await say('CALLTOOL[lookup {"n":1}]');
        break;
      case "interrupts":
        await say(`RUNCMD[${append()}; sleep 3; ${append()}]`);
        await sleep(random() * 2_500);
        await send({ type: "user.interrupt" });
        break;
      case "queued messages":
        await say(`RUNCMD[${append()}; sleep 0.5]`);
        await say(`RUNCMD[${append()}]`);
        await say("And a word.");
        break;
      case "full disk":
        // To the last block: what a command writes then fails, and the one that makes room again has to run.
        await say(
          `RUNCMD[fallocate -l $(df --output=avail -B1 /workspace | tail -n 1) filler; cat /dev/zero > rest; true]`,
        );
        await settle();
        await say(`RUNCMD[${append()}]`);
        await settle();
        await say(`RUNCMD[rm -f filler rest; ${append()}]`);
        break;
      case "talk only":
        await say(pickFrom(random, ["THINK", "Tell me something.", "CACHE"]));
        break;
      case "rewinds":
        if (random() < 0.4 && (await travel.rewind())) break;
        await say(pickFrom(random, [`RUNCMD[${append()}; sleep 0.3]`, `STEPS[${append()}|${append()}]`, "Go on."]));
        break;
      case "forks":
        await say(`RUNCMD[${append()}; sleep ${(random() * 1.5).toFixed(1)}]`);
        // In the middle of a turn at a message, or all of it at rest.
        if (random() < 0.5) await settle();
        await travel.fork();
        break;
      case "a fork":
        await say(`STEPS[${append()}|${append()}]`);
        await sleep(random() * 3_000);
        if (options.depth < MAX_DEPTH && random() < 0.2) await travel.fork();
        break;
      case "deletions":
        await say("And a word.");
        deleted.push(await makeAndDelete({ server, agent: options.agent, command: "echo x > file; sleep 2", random }));
        break;
      case "upstream": {
        const marker = mark();
        const ask = options.upstream?.command(marker) ?? "false";
        await say(`RUNCMD[${ask} && echo ${marker} >> ${LEDGER}]`);
        break;
      }
      case "kept files":
        await say(`RUNCMD[${append()}; mkdir -p d; echo ${markers} > d/${markers}; ln -sfn ../ledger d/link]`);
        await settle();
        await travel.keepFiles();
        break;
    }
    await settle();
  }

  const travel = createTimeTravel({
    ...{ server, sessionId, stream, accepted, kept, snapshots, rewinds, random, settle },
    maxForks: options.depth === 0 ? 3 : 1,
    onFork: options.onFork,
  });
  const driven: Driven = {
    ...{ sessionId, kind, index, accepted, complaints, stream, kept, snapshots, rewinds, deleted, forkOf },
    losses: 0,
    turns: 0,
    done: Promise.resolve(),
    async readLedger() {
      if (kind === "custom tool" || kind === "talk only" || kind === "deletions") return "";
      readsLedger = true;
      // Where its files were brought back from, if they were.
      await travel.listSnapshots();
      const from = stream.frames.length;
      await say(`RUNCMD[cat ${LEDGER} 2>/dev/null; echo end-of-ledger]`);
      await settle();
      const result = stream.frames.slice(from).findLast((frame) => frame.type === "agent.tool_result");
      const text = textOf(result?.data.content);
      if (!text.includes("end-of-ledger")) throw new Error(`${sessionId}: the ledger could not be read: ${text}`);
      return text;
    },
  };
  driven.done = (async () => {
    while (options.goesOn()) {
      try {
        await turn();
        driven.turns += 1;
      } catch (error) {
        const what = error instanceof Refused ? `refused: ${error.message}` : String(error);
        complaints.push(`${what} (${new Date().toISOString()})`);
        return;
      }
      await sleep(random() * REST_MS);
    }
  })();
  return driven;
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return content.map((block: { text?: unknown }) => (typeof block.text === "string" ? block.text : "")).join("\n");
}
