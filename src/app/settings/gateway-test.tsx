// Asks the gateway for its models, now, and says what came of it.
"use client";

import { useMutation } from "@tanstack/react-query";
import { formatDuration } from "../../lib/format-duration.ts";
import { FailureNote } from "../components/failure-note.tsx";
import { Button } from "../components/ui/button.tsx";
import { useBerth } from "../providers.tsx";
import { useHealth } from "./use-health.ts";

export function GatewayTest() {
  const { demoModel } = useHealth();
  const berth = useBerth();
  const test = useMutation({
    mutationFn: async () => {
      const startedAt = performance.now();
      const { data } = await berth.models.list();
      return { count: data.length, tookMs: performance.now() - startedAt };
    },
  });
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button onClick={() => test.mutate()} disabled={test.isPending}>
        {test.isPending ? "Asking the gateway…" : "Test the gateway"}
      </Button>
      <span role="status" className="text-good">
        {test.data &&
          !test.isPending &&
          `${demoModel ? "No gateway is set; the demo model answers" : "It answers"} with ${test.data.count === 1 ? "one model" : `${test.data.count} models`} after ${formatDuration(test.data.tookMs)}.`}
      </span>
      {test.error && <FailureNote error={test.error} />}
    </div>
  );
}
