// Around a room: a server of its own, which is in one state everywhere, and a live connection that tells nothing.
"use client";

import { type ReactNode, useState } from "react";
import { createBerthClient } from "../../../client/berth.ts";
import { createLiveLink } from "../../live/live-link.ts";
import { Providers } from "../../providers.tsx";
import { type StageName, stagedFetch } from "./staged-answers.ts";

export function Stage({ name, children }: { name: StageName; children: ReactNode }) {
  const [staged] = useState(() => ({
    berth: createBerthClient({ fetch: stagedFetch(name) }),
    live: createLiveLink(() => ({ send: () => undefined })),
  }));
  return <Providers staged={staged}>{children}</Providers>;
}
