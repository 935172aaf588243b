// Content blocks of messages and results. Nothing remote is loaded.
import type { ReactNode } from "react";
import type { ImageBlock, ResultBlock } from "../../../../contract/content.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { formatBytes } from "../../../components/format.ts";
import { FileText, Image as ImageIcon } from "../../../components/icons/icons.tsx";
import { FoldedDocument } from "./folded-document.tsx";
import { ProseText } from "./prose-text.tsx";
import { SavedDocument } from "./saved-document.tsx";

/** `name` is unique within the item. */
type RenderText = (text: string, name: string) => ReactNode;
type BlocksProps = { blocks: readonly ResultBlock[]; renderText?: RenderText };

export function Blocks({ blocks, renderText = prose }: BlocksProps) {
  const images = blocks.filter((block) => block.type === "image");
  return blocks.map((block, index) => (
    <BlockView
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no ids and never move within their event
      key={index}
      block={block}
      name={`block ${index}`}
      imageName={images.length > 1 && block.type === "image" ? `Image ${images.indexOf(block) + 1}` : "Image"}
      renderText={renderText}
    />
  ));
}

type BlockViewProps = { block: ResultBlock; name: string; imageName: string; renderText: RenderText };

function BlockView({ block, name, imageName, renderText }: BlockViewProps) {
  switch (block.type) {
    case "text":
      return renderText(block.text, name);
    case "image":
      return <ImageView block={block} name={imageName} />;
    case "document": {
      const { source } = block;
      const title = block.title ?? (source.type === "url" ? source.url : "Document");
      if (source.type === "text") return <FoldedDocument name={name} title={title} text={source.data} />;
      if (source.type === "base64")
        return <SavedDocument title={title} mediaType={source.media_type} base64={source.data} />;
      return <Label icon="file">{`${title} (not loaded)`}</Label>;
    }
    case "search_result":
      return (
        <FoldedDocument
          name={name}
          title={`${block.title} – ${block.source}`}
          text={block.content.map(({ text }) => text).join("\n\n")}
        />
      );
    default:
      // Blocks that this release does not know, such as redacted ones.
      return <Label icon="file">{String((block as { type: string }).type)}</Label>;
  }
}

function ImageView({ block: { source }, name }: { block: ImageBlock; name: string }) {
  if (source.type === "url") return <Label icon="image">{`image at ${source.url} (not loaded)`}</Label>;
  const { media_type, data } = source;
  const kind = media_type.replace("image/", "").toUpperCase();
  return (
    // biome-ignore lint/performance/noImgElement: the image is in the page already
    <img
      src={`data:${media_type};base64,${data}`}
      // What is on it nobody has said.
      alt={`${name} (${kind}, ${formatBytes(Math.floor((data.length * 3) / 4))})`}
      className="max-h-96 max-w-full rounded"
    />
  );
}

const prose: RenderText = (text, name) => <ProseText name={name} text={text} />;

function Label({ icon, children }: { icon: "file" | "image"; children: string }) {
  const Icon = icon === "file" ? FileText : ImageIcon;
  return (
    <p className="flex items-center gap-2 text-muted wrap-anywhere">
      <Icon aria-hidden className="size-4 shrink-0" /> {visibleExactly(children)}
    </p>
  );
}
