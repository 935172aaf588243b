// Sessions of earlier releases get their last message by the migration, the same as if it had been kept all the time.
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import { emptyDatabase } from "../../test/support/postgres.ts";
import { migrate } from "./migrate.ts";

const MIGRATIONS = join(import.meta.dirname, "migrations");
const IT = "last-messages";

it("older sessions are filled in; withdrawn messages do not count; nobody is told of a change", async () => {
  await using database = await emptyDatabase();
  const directory = mkdtempSync(join(tmpdir(), "berth-migrations-"));
  const files = readdirSync(MIGRATIONS).sort();
  const before = files.slice(
    0,
    files.findIndex((file) => file.includes(IT)),
  );
  for (const file of before) cpSync(join(MIGRATIONS, file), join(directory, file));
  await migrate({ url: database.url, directory });
  rmSync(directory, { recursive: true });

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query(`
      insert into teams (id, name) values ('team_x', 'x');
      insert into agents (id, team_id, version) values ('agent_x', 'team_x', 1);
      insert into environments (id, team_id, name, config) values ('env_x', 'team_x', 'x', '{}');
      insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, last_seq)
        select 'sesn_' || n, 'team_x', 'agent_x', 1, '{}', 'env_x', 5 - 2 * (n - 1) from generate_series(1, 3) n;
      insert into events (session_id, seq, id, team_id, type, payload, echo, processed_at) values
        ('sesn_1', 1, 'a', 'team_x', 'user.message', '{"content": [{"type": "text", "text": "hello"}]}', false, now()),
        ('sesn_1', 2, 'b', 'team_x', 'agent.message', '{"content": [{"type": "text", "text": "one\\n two"}, {"type": "image"}]}', false, '2026-01-02T03:04:05.678Z'),
        ('sesn_1', 3, 'c', 'team_x', 'agent.tool_use', '{}', false, now()),
        ('sesn_1', 4, 'd', 'team_x', 'user.message', '{"content": [{"type": "text", "text": "never mind"}]}', false, now()),
        ('sesn_1', 5, 'd', 'team_x', 'user.message', '{"content": [{"type": "text", "text": "never mind"}], "withdrawn": true}', true, now()),
        ('sesn_2', 1, 'a', 'team_x', 'user.message', '{"content": [{"type": "text", "text": "${"y".repeat(300)}"}]}', false, null)`);
    const xids = async () => (await client.query("select changed_xid::text from sessions order by id")).rows;
    const untouched = await xids();
    await migrate({ url: database.url });
    const { rows } = await client.query<{ last_message: Record<string, string> | null }>(
      "select last_message from sessions order by id",
    );
    expect(rows[0]?.last_message).toMatchObject({ role: "agent", text: "one two [image]" });
    expect(new Date(rows[0]?.last_message?.at ?? "").toISOString()).toBe("2026-01-02T03:04:05.678Z");
    expect(rows[1]?.last_message).toMatchObject({ role: "user", text: `${"y".repeat(199)}…` });
    expect(rows[2]?.last_message).toBeNull();
    expect(await xids()).toEqual(untouched);
  } finally {
    await client.end();
  }
});
