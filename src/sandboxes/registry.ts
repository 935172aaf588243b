// The sandbox backends there are. The only list of them: ids are derived from it.
import { createLocalBackend } from "./local/local.ts";
import type { SandboxBackend } from "./sandbox.ts";

export const backends = {
  local: { label: "This machine (bubblewrap)", create: createLocalBackend },
} satisfies Record<string, { label: string; create: (options: never) => SandboxBackend }>;
