// Content blocks of messages and results. Nothing remote is loaded.
import type { ReactNode } from "react";
import type { ResultBlock } from "../../../../contract/content.ts";
import { visibleExactly, visibleProse } from "../../../../lib/visible-text.ts";
import { FileText, Image as ImageIcon } from "../../../components/icons/icons.tsx";

type BlocksProps = { blocks: readonly ResultBlock[]; renderText?: (text: string) => ReactNode };

export function Blocks({ blocks, renderText = plainText }: BlocksProps) {
  return blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no ids and never move within their event
    <BlockView key={index} block={block} renderText={renderText} />
  ));
}

function BlockView({ block, renderText }: { block: ResultBlock; renderText: (text: string) => ReactNode }) {
  switch (block.type) {
    case "text":
      return renderText(block.text);
    case "image":
      if (block.source.type === "base64") {
        const { media_type, data } = block.source;
        // biome-ignore lint/performance/noImgElement: the image is in the page already
        return <img src={`data:${media_type};base64,${data}`} alt="" className="max-h-96 max-w-full rounded" />;
      }
      return <Label icon="image">{`image at ${block.source.url} (not loaded)`}</Label>;
    case "document":
      return <Label icon="file">{block.title ?? (block.source.type === "url" ? block.source.url : "document")}</Label>;
    case "search_result":
      return <Label icon="file">{`${block.title} – ${block.source}`}</Label>;
    default:
      // Blocks that this release does not know, such as redacted ones.
      return <Label icon="file">{String((block as { type: string }).type)}</Label>;
  }
}

function plainText(text: string): ReactNode {
  return <p className="whitespace-pre-wrap wrap-anywhere">{visibleProse(text)}</p>;
}

function Label({ icon, children }: { icon: "file" | "image"; children: string }) {
  const Icon = icon === "file" ? FileText : ImageIcon;
  return (
    <p className="flex items-center gap-2 text-muted wrap-anywhere">
      <Icon aria-hidden className="size-4 shrink-0" /> {visibleExactly(children)}
    </p>
  );
}
