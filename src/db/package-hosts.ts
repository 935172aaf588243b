// Where package managers get packages from: written by the egress broker when it has asked them, read for /readyz.
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { toJson } from "./json.ts";

export type PackageTool = { tool: string; hosts: { host: string; plain: boolean }[]; problem: string | null };

export async function savePackageHosts(db: Database, tools: readonly PackageTool[]): Promise<void> {
  await sql`insert into package_hosts (tools) values (${toJson(tools)}::jsonb)
    on conflict (id) do update set tools = excluded.tools, told_at = now()`.execute(db);
}

/** Null: it was not told yet. */
export async function readPackageHosts(db: Database): Promise<PackageTool[] | null> {
  const { rows } = await sql<{ tools: PackageTool[] }>`select tools from package_hosts`.execute(db);
  return rows[0]?.tools ?? null;
}
