// Files of the session's sandbox: seen, downloaded, uploaded.
"use client";

import { useMutation } from "@tanstack/react-query";
import { type DragEvent, useRef, useState } from "react";
import { archiveUrl } from "../../../../client/files.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { Download, Upload } from "../../../components/icons/icons.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import { ChangedFiles } from "./changed-files.tsx";
import { FilePreview } from "./file-preview.tsx";
import { FileTree } from "./file-tree.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";
import { marksOf } from "./tree-marks.ts";
import { useFileTree } from "./use-file-tree.ts";
import { useTurnChanges } from "./use-turn-changes.ts";

export function FilesTab(props: PanelTabProps) {
  const { session, view } = props;
  const berth = useBerth();
  const tree = useFileTree(session.id, view);
  const changes = useTurnChanges(props);
  const [chosen, setChosen] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const [dropping, setDropping] = useState(false);
  const upload = useMutation({
    mutationFn: async (files: readonly File[]) => {
      for (const file of files) await berth.files.write(session.id, `/workspace/${file.name}`, file);
    },
    onSettled: () => void tree.reload(),
  });
  const file = chosen === null ? undefined : tree.rows.find(({ path }) => path === chosen);
  if (file) return <FilePreview sessionId={session.id} file={file} onBack={() => setChosen(null)} />;
  const writable = session.archived_at === null && view.status !== "terminated";
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setDropping(false);
    if (writable) upload.mutate([...event.dataTransfer.files]);
  };
  return (
    <section
      aria-label="Files"
      className={dropping ? "min-h-full bg-accent-soft" : "min-h-full"}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(writable);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={onDrop}
    >
      <div className="flex flex-wrap items-center gap-2 border-b border-line p-2">
        {writable && (
          <Button size="small" disabled={upload.isPending} onClick={() => input.current?.click()}>
            <Upload aria-hidden /> {upload.isPending ? "Uploading…" : "Upload"}
          </Button>
        )}
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Files to upload"
          onChange={(event) => {
            upload.mutate([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
        {!tree.empty && !tree.error && (
          <Button size="small" asChild>
            <a href={archiveUrl(session.id)} download={`${session.id}.tar`}>
              <Download aria-hidden /> All as tar
            </a>
          </Button>
        )}
      </div>
      {upload.error && <FailureNote error={upload.error} />}
      {tree.error && <FailureNote error={tree.error} onRetry={() => void tree.reload()} />}
      {changes && (
        <ChangedFiles
          key={view.turns.at(-1)?.id}
          changes={changes}
          onShow={(path) => {
            tree.reveal(path);
            setChosen(path);
          }}
        />
      )}
      {chosen !== null && !tree.loading && <GoneNote path={chosen} />}
      {tree.loading && tree.empty === false && tree.rows.length <= 2 && <ListSkeleton label="Loading files" />}
      {tree.empty ? (
        <EmptyState title="No files yet">
          What the agent writes to /workspace shows here.{writable && " Drop files here to give it some."}
        </EmptyState>
      ) : (
        <FileTree
          rows={tree.rows}
          chosen={chosen}
          marks={marksOf(changes, view.turns.at(-1)?.startedAt ?? null)}
          onChoose={setChosen}
          onToggle={tree.toggle}
        />
      )}
      {tree.truncated && <p className="p-3 text-muted">A directory holds more entries than are shown.</p>}
    </section>
  );
}

/** It was changed by the turn, and has been removed since. */
function GoneNote({ path }: { path: string }) {
  return (
    <p role="status" className="border-b border-line px-3 py-2 text-[13px] wrap-anywhere text-muted">
      {visibleExactly(path)} is not there any more.
    </p>
  );
}
