// The database of a start: the operator's Postgres or the embedded one as a part, brought to this release's schema.
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../db/embedded/embedded-postgres.ts";
import { migrate } from "../db/migrate.ts";
import { messageOf } from "../lib/errors.ts";
import type { PartProcess, PartSpec } from "./part.ts";
import type { PartLogs } from "./part-logs.ts";
import { StartFailure } from "./start-failure.ts";
import type { Supervisor } from "./supervisor.ts";
import { type Terminal, tildePath } from "./terminal.ts";

/** Resolves with the URL that web and worker use. */
export async function startDatabase(options: {
  /** The operator's; null: the embedded one. */
  databaseUrl: string | null;
  dataDir: string;
  parts: Supervisor;
  logs: PartLogs;
  terminal: Terminal;
}): Promise<string> {
  const { dataDir, parts, logs, terminal } = options;
  const started = performance.now();
  let text = options.databaseUrl
    ? `your Postgres at ${new URL(options.databaseUrl).host || "a socket"}`
    : `embedded Postgres · ${tildePath(join(dataDir, "postgres"))}`;
  terminal.row({ name: "database", text, state: "starting" });
  let url = options.databaseUrl;
  if (!url) {
    const postgres = await parts.run(postgresPart(dataDir, logs)).ready;
    url = postgres.url;
    text = text.replace("Postgres", `Postgres ${postgres.version.split(".")[0]}`);
  }
  try {
    const applied = await migrate({ url });
    if (applied.length > 0) logs.say("info", `migrated: ${applied.join(", ")}`);
  } catch (cause) {
    const remedy = options.databaseUrl
      ? "Check DATABASE_URL, and that Postgres runs and takes connections from here."
      : "See logs/postgres.log in the data directory.";
    throw new StartFailure("The database cannot be used.", {
      why: messageOf(cause) || "No connection.",
      remedy,
      cause,
    });
  }
  terminal.row({ name: "database", text, state: "ready", seconds: (performance.now() - started) / 1000 });
  return url;
}

function postgresPart(dataDir: string, logs: PartLogs): PartSpec<PartProcess & EmbeddedPostgres> {
  let port: number | undefined;
  return {
    name: "postgres",
    async launch({ onSpawn }) {
      const onOutput = (line: string) => logs.write("postgres", line);
      const postgres = await startEmbeddedPostgres({ dataDir, onOutput, ...(port !== undefined && { port }) });
      onSpawn(postgres.pid);
      // Web and worker know this port: a Postgres that is started again must have it too.
      port = postgres.port;
      return { ...postgres, kill: () => void process.kill(postgres.pid, "SIGQUIT") };
    },
  };
}
