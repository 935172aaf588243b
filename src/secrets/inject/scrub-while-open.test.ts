// An answer that goes on while the session's credentials change.
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { PlatformError } from "../../lib/errors.ts";
import { Secret } from "../secret.ts";
import type { SessionCredential } from "../session-credentials.ts";
import { scrubWhileOpen } from "./scrub-while-open.ts";

const [OLD, NEW] = ["first-access-4711", "renewed-access-4712"];
const credential = (version: number, value: string): SessionCredential => ({
  ...{ id: "cred_1", vaultId: "vlt_1", teamId: "team_1", name: "T", version, placeholder: null },
  auth: { type: "static_bearer", mcp_server_url: "https://mcp.example.com/mcp" },
  secrets: { token: new Secret(value) },
});
const [before, after] = [[credential(1, OLD)], [credential(2, NEW)]];
type Step = [piece: string, inEffect: readonly SessionCredential[] | Error];

function scrubbed(from: readonly SessionCredential[], ...steps: Step[]): Promise<string> {
  const asked = steps.map(([, inEffect]) => inEffect);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const [piece] of steps) controller.enqueue(Buffer.from(piece));
      controller.close();
    },
  });
  return text(
    scrubWhileOpen(body, {
      from,
      async inEffect() {
        const next = asked.shift();
        if (next instanceof Error) throw next;
        return next ?? [];
      },
    }),
  );
}

it("takes out what was renewed meanwhile, and what was in effect before, also where one begins before the change", async () => {
  expect(await scrubbed(before, [`a ${OLD}`, before], [` b ${NEW} c ${OLD}`, after])).toBe(
    "a berth_value_removed b berth_value_removed c berth_value_removed",
  );
  expect(await scrubbed(before, [OLD.slice(0, 9), before], [`${OLD.slice(9)}.`, after])).toBe("berth_value_removed.");
  expect(await scrubbed([], ["x", []], [`${NEW.slice(0, 9)}`, after], [NEW.slice(9), []])).toBe("xberth_value_removed");
  expect(await scrubbed([], ["nothing", []])).toBe("nothing");
});

it("goes on with what it knows while nobody can be asked, and ends when it cannot know", async () => {
  const unavailable = new PlatformError("unavailable", "no database");
  expect(await scrubbed(before, [`a ${OLD}`, unavailable])).toBe("a berth_value_removed");
  await expect(scrubbed(before, ["a", new Error("broken")])).rejects.toThrow("broken");
});
