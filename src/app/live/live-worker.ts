// The feed in a SharedWorker: one for all tabs of a browser that show this server.
import { streamSessions } from "../../client/stream-sessions.ts";
import { createTransport } from "../../client/transport.ts";
import { createLiveFeed } from "./live-feed.ts";
import type { TabMessage } from "./live-messages.ts";

const transport = createTransport({});
const feed = createLiveFeed((options) => streamSessions(transport, options));

// The compiler knows the names of pages, not those of workers.
const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
scope.onconnect = ({ ports }) => {
  const port = ports[0];
  if (!port) return;
  const link = feed.attach((message) => port.postMessage(message));
  port.onmessage = ({ data }: MessageEvent<TabMessage>) => link.send(data);
};
