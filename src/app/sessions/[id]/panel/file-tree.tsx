// The tree of files: arrows move and open, Enter shows.
"use client";

import { type KeyboardEvent, useState } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { classNames } from "../../../components/class-names.ts";
import { formatBytes } from "../../../components/format.ts";
import { ChevronRight, File, Folder, FolderOpen, Link2 } from "../../../components/icons/icons.tsx";
import type { TreeMark } from "./tree-marks.ts";
import { type TreeRow, treeMove } from "./tree-rows.ts";

type FileTreeProps = {
  rows: readonly TreeRow[];
  chosen: string | null;
  /** What the last turn did to a file; null: nothing. */
  marks: (row: TreeRow) => TreeMark | null;
  onChoose: (path: string) => void;
  onToggle: (path: string) => void;
};

const rowId = (path: string) => `file-${path}`;

export function FileTree({ rows, chosen, marks, onChoose, onToggle }: FileTreeProps) {
  const [focused, setFocused] = useState(rows[0]?.path ?? "");
  const current = rows.some(({ path }) => path === focused) ? focused : rows[0]?.path;
  const act = (row: TreeRow) => (row.open === null ? onChoose(row.path) : onToggle(row.path));
  const onKeyDown = (event: KeyboardEvent, row: TreeRow) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return act(row);
    }
    const move = treeMove(rows, row.path, event.key);
    if (!move) return;
    event.preventDefault();
    if ("toggle" in move) return onToggle(move.toggle);
    setFocused(move.focus);
    document.getElementById(rowId(move.focus))?.focus();
  };
  return (
    <div role="tree" aria-label="Files of the session">
      {rows.map((row) => {
        const mark = marks(row);
        return (
          <div
            key={row.path}
            id={rowId(row.path)}
            role="treeitem"
            aria-level={row.depth + 1}
            aria-selected={row.path === chosen}
            {...(row.open === null ? {} : { "aria-expanded": row.open })}
            tabIndex={row.path === current ? 0 : -1}
            onClick={() => {
              setFocused(row.path);
              act(row);
            }}
            onKeyDown={(event) => onKeyDown(event, row)}
            className={classNames(
              "flex cursor-pointer items-center gap-1.5 px-2 py-1 hover:bg-sunken max-md:py-3",
              row.path === chosen && "bg-accent-soft",
            )}
          >
            <Indent depth={row.depth} />
            <Icon row={row} />
            <span className="min-w-0 truncate font-mono text-[13px]" title={visibleExactly(row.path)}>
              {visibleExactly(row.name)}
            </span>
            {mark && <span className="rounded-full bg-good-soft px-1.5 text-[12px] text-good">{mark}</span>}
            {row.kind === "file" && (
              <span className="ml-auto shrink-0 text-[13px] text-muted tabular-nums">{formatBytes(row.sizeBytes)}</span>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Indent({ depth }: { depth: number }) {
  // By elements: the page's policy takes no inline style.
  return Array.from({ length: Math.min(depth, 20) }, (_, level) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
    <span key={level} aria-hidden className="w-3 shrink-0" />
  ));
}

function Icon({ row }: { row: TreeRow }) {
  const Shape = row.open === null ? (row.kind === "symlink" ? Link2 : File) : row.open ? FolderOpen : Folder;
  return (
    <>
      <ChevronRight
        aria-hidden
        className={classNames(
          "size-3.5 shrink-0 text-muted",
          row.open === null && "invisible",
          row.open === true && "rotate-90",
        )}
      />
      <Shape aria-hidden className="size-4 shrink-0 text-muted" />
    </>
  );
}
