// Files that a person has added to the message that is being written.
"use client";

import { useState } from "react";
import { randomKey } from "../../../client/transport.ts";
import { type Attachment, readAttachment } from "./attachments.ts";

export function useAttachments() {
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  async function add(files: readonly File[]) {
    setProblem(null);
    for (const file of files) {
      try {
        const attachment = await readAttachment(file, randomKey());
        setAttachments((all) => [...all, attachment]);
      } catch (error) {
        setProblem(error instanceof Error ? error.message : "The file could not be read.");
      }
    }
  }
  return {
    attachments,
    problem,
    add: (files: readonly File[]) => void add(files),
    remove: (key: string) => setAttachments((all) => all.filter((each) => each.key !== key)),
    clear() {
      setAttachments([]);
      setProblem(null);
    },
  };
}
