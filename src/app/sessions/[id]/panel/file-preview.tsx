// One file: text in its colours, a table, an image; everything else to download.
"use client";

import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { fileUrl } from "../../../../client/files.ts";
import { visibleExactly, visibleOutput } from "../../../../lib/visible-text.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { formatBytes } from "../../../components/format.ts";
import { HighlightedCode } from "../../../components/highlighted-code.tsx";
import { ArrowLeft, Download } from "../../../components/icons/icons.tsx";
import { lazyPart } from "../../../components/lazy-part.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { PartSkeleton } from "../../../components/part-skeleton.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import { decodeText } from "./decode-text.ts";
import { fileKind, isPdf, languageOf } from "./file-kind.ts";
import type { TreeRow } from "./tree-rows.ts";

const { Part: CsvTable } = lazyPart(async () => (await import("./csv-table.tsx")).CsvTable);
const { Part: PdfView } = lazyPart(async () => (await import("./pdf-view.tsx")).PdfView);
/** Larger files are only downloaded. */
const MAX_PREVIEW_BYTES = 2_000_000;
const MAX_PDF_BYTES = 20_000_000;

type FilePreviewProps = { sessionId: string; file: TreeRow; onBack: () => void };

export function FilePreview({ sessionId, file, onBack }: FilePreviewProps) {
  const berth = useBerth();
  const tooLarge = file.sizeBytes > (isPdf(file.name) ? MAX_PDF_BYTES : MAX_PREVIEW_BYTES);
  const isFile = file.kind === "file";
  const content = useQuery({
    queryKey: ["files", sessionId, file.path, "content", file.modifiedAt, file.sizeBytes],
    queryFn: async ({ signal }) => {
      const response = await berth.files.read(sessionId, file.path, signal);
      return new Uint8Array(await response.arrayBuffer());
    },
    enabled: isFile && !tooLarge,
  });
  return (
    <section aria-label={`File ${visibleExactly(file.name)}`} className="grid grid-cols-[minmax(0,1fr)]">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <Button look="quiet" size="small" onClick={onBack}>
          <ArrowLeft aria-hidden /> All files
        </Button>
        <span className="min-w-0 flex-1 truncate font-mono text-[13px]" title={visibleExactly(file.path)}>
          {visibleExactly(file.name)}
        </span>
        <CopyButton text={file.path} label="Copy path" />
        {isFile && (
          <Button size="small" asChild>
            <a href={fileUrl(sessionId, file.path)} download={file.name}>
              <Download aria-hidden /> Download
            </a>
          </Button>
        )}
      </div>
      {!isFile && <Note>{file.kind === "symlink" ? "A link. It is not followed." : "Not a regular file."}</Note>}
      {isFile && tooLarge && <Note>{formatBytes(file.sizeBytes)} is too large to show here. Download it.</Note>}
      {content.error && <FailureNote error={content.error} onRetry={() => void content.refetch()} />}
      {content.isLoading && <ListSkeleton label="Loading the file" />}
      {content.data && <Content sessionId={sessionId} file={file} bytes={content.data} />}
    </section>
  );
}

function Content({ sessionId, file, bytes }: { sessionId: string; file: TreeRow; bytes: Uint8Array }) {
  const kind = fileKind(file.name, bytes);
  if (bytes.length === 0) return <Note>The file is empty.</Note>;
  if (kind === "image") {
    const version = encodeURIComponent(file.modifiedAt ?? "");
    return (
      <div className="p-3">
        {/* biome-ignore lint/performance/noImgElement: an agent's file, not a picture of the dashboard's */}
        <img
          src={`${fileUrl(sessionId, file.path)}#${version}`}
          alt={visibleExactly(file.name)}
          className="max-w-full rounded border border-line"
        />
      </div>
    );
  }
  if (kind === "pdf")
    return (
      <Suspense fallback={<PartSkeleton label="Loading the reader" />}>
        <PdfView bytes={bytes} />
      </Suspense>
    );
  if (kind === "binary") return <Note>A binary file of {formatBytes(bytes.length)}. Download it.</Note>;
  const { text, encoding } = decodeText(bytes);
  return (
    <>
      {encoding === "Windows-1252" && (
        <p className="border-b border-line bg-waiting-soft px-3 py-1.5 text-[13px]">
          This file is not UTF-8. It is read as Windows-1252 (Latin-1), which is a guess: accented letters may be wrong.
          Download it for its exact bytes.
        </p>
      )}
      {kind === "csv" ? (
        <Suspense fallback={<PartSkeleton label="Loading the table" />}>
          <CsvTable text={text} />
        </Suspense>
      ) : (
        <TextView text={text} language={languageOf(file.name)} />
      )}
    </>
  );
}

function TextView({ text, language }: { text: string; language: string }) {
  const visible = visibleOutput(text);
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
      tabIndex={0}
      dir="ltr"
      className="overflow-x-auto p-3 font-mono text-[13px] leading-relaxed"
    >
      {language ? <HighlightedCode code={visible} language={language} /> : visible}
    </pre>
  );
}

function Note({ children }: { children: React.ReactNode }) {
  return <p className="p-4 text-muted">{children}</p>;
}
