// A service on the other side of the egress broker, that writes a row for each request it gets: what a tool did out there can't be taken back.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { startUpstream } from "../support/egress-world.ts";
import { MARKER } from "./facts.ts";

const HOST = "rows.example.com";

export type RowUpstream = {
  /** For the broker: where the host is, and whose certificates it shows. */
  env: Record<string, string>;
  /** A command that asks for a row, once, and is well only when it was written. */
  command(marker: string): string;
  /** How often each marker was written. */
  readonly rows: ReadonlyMap<string, number>;
  stop(): Promise<void>;
};

export async function startRowUpstream(): Promise<RowUpstream> {
  const authority = await createAuthority({ now: Date.now });
  const directory = mkdtempSync(join(tmpdir(), "berth-rows-"));
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, authority.certificate);
  const rows = new Map<string, number>();
  const upstream = await startUpstream(authority, (request, response) => {
    for (const [marker] of (request.url ?? "").matchAll(MARKER)) rows.set(marker, (rows.get(marker) ?? 0) + 1);
    request.resume().on("end", () => response.end("written\n"));
  });
  return {
    env: { BERTH_EGRESS_HOSTS: `${HOST}=127.0.0.1:${upstream.port}`, BERTH_EGRESS_CA_FILE: caFile },
    command: (marker) => `curl -fsS --max-time 20 -X POST -o /dev/null https://${HOST}/${marker}`,
    rows,
    async stop() {
      await upstream.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
