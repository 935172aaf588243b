// A message on its way to the server, or one that did not get there.

import { Name } from "../../../components/name.tsx";
import { Button } from "../../../components/ui/button.tsx";
import type { Outbox, OutgoingMessage } from "../use-outbox.ts";
import { Blocks } from "./blocks.tsx";

export function OutgoingMessageView({ message, outbox }: { message: OutgoingMessage; outbox: Outbox }) {
  const failed = message.failure !== null;
  return (
    <div className="ml-auto grid max-w-[85%] min-w-0 justify-items-end gap-1">
      <div className="grid min-w-0 gap-2 rounded-lg bg-accent-soft px-3 py-2 opacity-70">
        <Blocks blocks={message.content} />
        {message.uploads.map(({ name }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they never move
          <p key={index} className="text-muted wrap-anywhere">
            File for the sandbox: <Name text={name} />
          </p>
        ))}
      </div>
      {failed ? (
        <div role="alert" className="flex flex-wrap items-center justify-end gap-2 text-[13px] text-danger">
          Not sent. {message.failure}
          <Button size="small" onClick={() => outbox.retry(message)}>
            Send again
          </Button>
          <Button size="small" look="quiet" onClick={() => outbox.discard(message)}>
            Discard
          </Button>
        </div>
      ) : (
        <p className="text-[13px] text-muted">{message.uploads.length > 0 ? "Uploading and sending…" : "Sending…"}</p>
      )}
    </div>
  );
}
