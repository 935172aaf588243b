// Ports of a session's sandbox for people: what listens, and connections to it. Only who asks for a page wakes a sandbox; what pages do by themselves does not.
import type { Duplex } from "node:stream";
import type { ListeningPorts } from "../contract/port-previews.ts";
import type { Session } from "../contract/sessions.ts";
import type { Database } from "../db/database.ts";
import { findSandbox } from "../db/sandboxes.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode, PlatformError } from "../lib/errors.ts";
import type { ListeningPort, Sandbox } from "../sandboxes/sandbox.ts";
import type { SandboxReach, SessionFiles } from "./session-files.ts";

/** A page is hundreds of connections: within this time they need not ask where the sandbox is. */
const KNOWN_MS = 5_000;
const MAX_KNOWN = 1_000;

export type SessionPorts = ReturnType<typeof createSessionPorts>;

export function createSessionPorts(options: {
  db: Database;
  clock: Clock;
  sandboxes: SandboxReach | null;
  files: Pick<SessionFiles, "wakeSandbox" | "touch">;
  /** Throws `not_found` for a session of another team. */
  getSession: (teamId: string, sessionId: string) => Promise<Session>;
}) {
  const { db, clock, files, getSession } = options;
  const known = new Map<string, { sandbox: Sandbox; until: number }>();

  function remember(sessionId: string, sandbox: Sandbox): Sandbox {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(sessionId, { sandbox, until: clock.now() + KNOWN_MS });
    return sandbox;
  }

  /** The sandbox if it runs. */
  async function running(teamId: string, sessionId: string): Promise<Sandbox | null> {
    const found = known.get(sessionId);
    if (found && found.until > clock.now()) return found.sandbox;
    const row = await findSandbox(db, { teamId, sessionId });
    if (row?.state !== "running" || !options.sandboxes) return null;
    try {
      return remember(sessionId, await options.sandboxes.backend.open(row.name));
    } catch (error) {
      // It ended a moment ago, and nobody has written that down yet.
      if (hasCode(error, "sandbox_gone")) return null;
      throw error;
    }
  }

  /** Null when the sandbox does not run, or ends meanwhile. */
  async function inRunning<T>(teamId: string, sessionId: string, use: (sandbox: Sandbox) => Promise<T>) {
    const sandbox = await running(teamId, sessionId);
    if (!sandbox) return null;
    try {
      return await use(sandbox);
    } catch (error) {
      if (!hasCode(error, "sandbox_gone")) throw error;
      known.delete(sessionId);
      return null;
    }
  }

  return {
    async list(teamId: string, sessionId: string): Promise<ListeningPorts> {
      await getSession(teamId, sessionId);
      const ports = await inRunning<ListeningPort[]>(teamId, sessionId, (sandbox) => sandbox.listPorts());
      const row = ports ? null : await findSandbox(db, { teamId, sessionId });
      return {
        session_id: sessionId,
        // What has just ended sleeps.
        sandbox: ports ? "running" : row ? "hibernated" : "none",
        data: (ports ?? []).map(({ port, program }) => ({ type: "listening_port", port, program })),
      };
    },

    /**
     * Throws `not_found` when nothing listens there, and `sandbox_gone` when the sandbox sleeps and `wake` is not asked for. Whether the
     * team may see the session is the caller's to know.
     */
    async connect(teamId: string, at: { sessionId: string; port: number; wake: boolean }): Promise<Duplex> {
      const { sessionId, port, wake } = at;
      const connection = await inRunning(teamId, sessionId, (sandbox) => sandbox.connectPort(port));
      if (connection) return connection;
      if (!wake) throw new PlatformError("sandbox_gone", "The sandbox of this session sleeps.");
      return remember(sessionId, await files.wakeSandbox(teamId, sessionId)).connectPort(port);
    },

    /** Somebody looks at it: the time until it is put to sleep begins anew. */
    touch: files.touch,
  };
}
