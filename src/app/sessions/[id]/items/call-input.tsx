// What a call is about to do or did: a command as typed, an edit as a diff, anything else as JSON.
"use client";

import { Suspense } from "react";
import { lazyPart } from "../../../components/lazy-part.tsx";
import { classifyInput } from "../classify-input.ts";
import type { ToolCallItem } from "../session-view.ts";
import { OutputText } from "./output-text.tsx";

const { Part: CallDiff } = lazyPart(async () => (await import("./call-diff.tsx")).CallDiff);

export function CallInput({ item }: { item: ToolCallItem }) {
  const input = classifyInput(item.name, item.input);
  const text = input.kind === "text" ? input.text : JSON.stringify(item.input, null, 2);
  const plain = <OutputText label="Input" text={text} copyLabel="Copy input" />;
  if (input.kind === "text") return plain;
  return (
    <Suspense fallback={plain}>
      <CallDiff {...input} />
    </Suspense>
  );
}
