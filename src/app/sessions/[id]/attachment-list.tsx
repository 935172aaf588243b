// What goes along with the message, each with a way to take it out again.
import { visibleName } from "../../../lib/visible-text.ts";
import { formatBytes } from "../../components/format.ts";
import { FileText, X } from "../../components/icons/icons.tsx";
import { Name } from "../../components/name.tsx";
import { Button } from "../../components/ui/button.tsx";
import type { Attachment } from "./attachments.ts";

type AttachmentListProps = { attachments: readonly Attachment[]; onRemove: (key: string) => void };

export function AttachmentList({ attachments, onRemove }: AttachmentListProps) {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label="Attachments" className="mx-auto flex max-w-3xl flex-wrap gap-2 px-4 pb-2">
      {attachments.map((attachment) => (
        <AttachmentRow key={attachment.key} attachment={attachment} onRemove={onRemove} />
      ))}
    </ul>
  );
}

function AttachmentRow({ attachment, onRemove }: { attachment: Attachment; onRemove: (key: string) => void }) {
  const { key, name, bytes } = attachment;
  const block = attachment.kind === "block" ? attachment.block : null;
  return (
    <li className="flex items-center gap-2 rounded-md border border-line bg-sunken p-1 text-[13px]">
      {block?.type === "image" && block.source.type === "base64" ? (
        // biome-ignore lint/performance/noImgElement: the image is in the page already
        <img
          src={`data:${block.source.media_type};base64,${block.source.data}`}
          alt=""
          className="size-10 rounded object-cover"
        />
      ) : (
        <FileText aria-hidden className="ml-1 size-4 text-muted" />
      )}
      <span className="max-w-48 truncate">
        <Name text={name} />
      </span>
      {attachment.kind === "upload" && <span className="text-muted">to the sandbox, {formatBytes(bytes)}</span>}
      <Button look="quiet" size="small" aria-label={`Remove ${visibleName(name)}`} onClick={() => onRemove(key)}>
        <X aria-hidden />
      </Button>
    </li>
  );
}
