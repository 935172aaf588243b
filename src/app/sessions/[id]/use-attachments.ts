// Files that a person has added to the message that is being written; kept in this browser with the draft.
"use client";

import { useEffect, useRef, useState } from "react";
import { randomKey } from "../../../client/transport.ts";
import { browserStore } from "../../components/browser-store.ts";
import { type Attachment, inlineBytesOf, readAttachment } from "./attachments.ts";

export const draftFilesKey = (sessionId: string) => `draft-files:${sessionId}`;

export function useAttachments(sessionId: string) {
  const storeKey = draftFilesKey(sessionId);
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  /** Names of the files that are being read. */
  const [reading, setReading] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [kept, setKept] = useState(true);
  const current = useRef<readonly Attachment[]>([]);
  /** One after the other, so that each knows how much room is left. */
  const queue = useRef(Promise.resolve());

  function change(next: readonly Attachment[]): void {
    current.current = next;
    setAttachments(next);
    const stored = next.length === 0 ? browserStore.remove(storeKey) : browserStore.set(storeKey, next);
    stored.then(
      () => setKept(true),
      () => setKept(false),
    );
  }

  useEffect(() => {
    let here = true;
    browserStore.get<Attachment[]>(storeKey).then(
      (found) => {
        if (!here || !found || current.current.length > 0) return;
        current.current = found;
        setAttachments(found);
      },
      // A browser that keeps nothing has kept nothing.
      () => setKept(false),
    );
    return () => {
      here = false;
    };
  }, [storeKey]);

  async function read(file: File): Promise<void> {
    try {
      const inlineBytes = inlineBytesOf(current.current);
      const attachment = await readAttachment(file, { key: randomKey(), inlineBytes });
      change([...current.current, attachment]);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The file could not be read.");
    } finally {
      setReading((names) => names.toSpliced(names.indexOf(file.name), 1));
    }
  }

  return {
    attachments,
    reading,
    problem,
    /** False: this browser keeps no files, so a reload loses them. */
    kept,
    add(files: readonly File[]): void {
      setProblem(null);
      setReading((names) => [...names, ...files.map(({ name }) => name)]);
      for (const file of files) queue.current = queue.current.then(() => read(file));
    },
    remove: (key: string) => change(current.current.filter((each) => each.key !== key)),
    clear(): void {
      change([]);
      setProblem(null);
    },
  };
}

export type Attachments = ReturnType<typeof useAttachments>;
