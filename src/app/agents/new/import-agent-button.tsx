// Reads an agent from a file that was exported here or elsewhere.
"use client";

import { useRef, useState } from "react";
import type { CreateAgentInput } from "../../../contract/agents.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Upload } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { fromExport } from "../export-agent.ts";

export function ImportAgentButton({ onImport }: { onImport: (input: CreateAgentInput) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState<unknown>(null);
  async function read(file: File | undefined) {
    if (!file) return;
    setRefused(null);
    try {
      onImport(await fromExport(await file.text()));
    } catch (error) {
      setRefused(error);
    }
  }
  return (
    <>
      <input
        ref={picker}
        type="file"
        accept=".json,.yaml,.yml,application/json,application/yaml"
        aria-label="File of an agent"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          void read(event.target.files?.[0]);
          // The same file can be chosen again after it was mended.
          event.target.value = "";
        }}
      />
      <Button onClick={() => picker.current?.click()}>
        <Upload aria-hidden /> Import…
      </Button>
      {refused !== null && <FailureNote error={refused} />}
    </>
  );
}
