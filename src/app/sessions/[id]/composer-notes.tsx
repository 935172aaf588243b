// What becomes of the files of a message: which are being read, which could not be, and whether the browser keeps them.
import { visibleName } from "../../../lib/visible-text.ts";
import type { Attachments } from "./use-attachments.ts";

export function ComposerNotes({ files, armed }: { files: Attachments; armed: boolean }) {
  const { reading, problem, kept, attachments } = files;
  const names = reading.map(visibleName).join(", ");
  return (
    <>
      {/* Always there, so that screen readers hear what comes into it. */}
      <p role="status" className="mx-auto max-w-3xl px-4 text-[13px] text-muted not-empty:pb-2">
        {names !== "" && (armed ? `Sends as soon as ${names} is read.` : `Reading ${names}…`)}
        {names === "" && !kept && attachments.length > 0 && "This browser keeps no files: a reload loses them."}
      </p>
      {problem !== null && (
        <p role="alert" className="mx-auto max-w-3xl px-4 pb-2 text-[13px] text-danger">
          {visibleName(problem)}
        </p>
      )}
    </>
  );
}
