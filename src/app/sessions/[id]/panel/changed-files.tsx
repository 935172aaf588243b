// What the last turn did to the session's files, removed ones too.
"use client";

import { useId, useState } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { classNames } from "../../../components/class-names.ts";
import { ChevronRight } from "../../../components/icons/icons.tsx";
import { RelativeTime } from "../../../components/relative-time.tsx";
import type { ChangeKind, NetChanges } from "./merge-changes.ts";
import type { TurnChanges } from "./turn-changes.ts";

type ChangedFilesProps = { changes: TurnChanges; onShow: (path: string) => void };

/** So many are shown without being asked for. */
const FEW = 8;
const KINDS = ["added", "changed", "removed"] as const;
const looks: Record<ChangeKind, { sign: string; colour: string }> = {
  added: { sign: "+", colour: "text-good" },
  changed: { sign: "~", colour: "text-accent" },
  removed: { sign: "−", colour: "text-danger" },
};

export function ChangedFiles({ changes, onShow }: ChangedFilesProps) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  const listId = useId();
  if (changes.state === "waiting")
    return <Note>Which files the turn changed is told here soon after it has ended.</Note>;
  const { net, turns } = changes;
  const total = net.counts.added + net.counts.changed + net.counts.removed;
  const when = turns === null ? null : turns === 1 ? "the last turn" : `the last ${turns} turns`;
  if (total === 0) return <Note>{when === null ? "No file changed." : `No file changed in ${when}.`}</Note>;
  const open = chosen ?? total <= FEW;
  return (
    <section aria-label="Changed files" className="border-b border-line">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={listId}
        onClick={() => setChosen(!open)}
        className="flex w-full items-center gap-2 px-2 py-1.5 text-left hover:bg-sunken max-md:py-3"
      >
        <ChevronRight aria-hidden className={classNames("size-3.5 shrink-0 text-muted", open && "rotate-90")} />
        <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
          <span className="font-medium">
            {when === null ? "Changed since " : `Changed in ${when}`}
            {when === null && (changes.since === null ? "the beginning" : <RelativeTime at={changes.since} />)}
          </span>
          <Counts counts={net.counts} />
        </span>
      </button>
      <div id={listId} hidden={!open}>
        <FileRows net={net} onShow={onShow} />
        {total > net.files.length && (
          <p className="px-8 pb-2 text-[13px] text-muted">
            and {(total - net.files.length).toLocaleString()} more that are not named
          </p>
        )}
      </div>
    </section>
  );
}

function Note({ children }: { children: string }) {
  return <p className="border-b border-line px-3 py-2 text-[13px] text-muted">{children}</p>;
}

function Counts({ counts }: { counts: NetChanges["counts"] }) {
  return KINDS.filter((kind) => counts[kind] > 0).map((kind) => (
    <span key={kind} className={classNames("text-[13px] tabular-nums", looks[kind].colour)}>
      {counts[kind].toLocaleString()} {kind}
    </span>
  ));
}

function FileRows({ net, onShow }: { net: NetChanges; onShow: (path: string) => void }) {
  return (
    <ul aria-label="Changed files" className="pb-1">
      {net.files.map(({ path, kind }) => (
        <li key={path}>
          <FileRow path={path} kind={kind} onShow={onShow} />
        </li>
      ))}
    </ul>
  );
}

function FileRow({ path, kind, onShow }: { path: string; kind: ChangeKind; onShow: (path: string) => void }) {
  const { sign, colour } = looks[kind];
  const shown = visibleExactly(path.replace(/^\/workspace\//, ""));
  const content = (
    <>
      <span aria-hidden className={classNames("w-3 shrink-0 text-center font-mono", colour)}>
        {sign}
      </span>
      <span className={classNames("min-w-0 truncate font-mono text-[13px]", kind === "removed" && "line-through")}>
        {shown}
      </span>
      <span className="sr-only">{kind}</span>
    </>
  );
  const look = "flex w-full items-center gap-1.5 px-2 py-1 pl-7 text-left max-md:py-3";
  if (kind === "removed")
    return (
      <div className={classNames(look, "text-muted")} title={visibleExactly(path)}>
        {content}
      </div>
    );
  return (
    <button
      type="button"
      className={classNames(look, "hover:bg-sunken")}
      title={visibleExactly(path)}
      onClick={() => onShow(path)}
    >
      {content}
    </button>
  );
}
