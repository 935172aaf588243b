// The way to the feed: a SharedWorker where the browser has it (then all tabs have one connection), otherwise one in this page.
import type { TeamStreamOptions } from "../../client/stream-sessions.ts";
import type { FeedLink, FeedMessage, TabMessage } from "./live-messages.ts";

type Stream = (options: TeamStreamOptions) => Promise<void>;

/** `stream` is for a feed in this page. */
export function openFeed(stream: Stream, onMessage: (message: FeedMessage) => void): FeedLink {
  // Chrome on Android has none.
  if (typeof SharedWorker === "undefined") return openOwn(stream, onMessage);
  let link: FeedLink | null = null;
  let last: TabMessage | null = null;
  const worker = new SharedWorker(new URL("./live-worker.ts", import.meta.url), { name: "berth-live" });
  worker.port.onmessage = ({ data }: MessageEvent<FeedMessage>) => onMessage(data);
  // Its script could not be loaded: the page of an earlier release, say.
  worker.onerror = () => {
    link ??= openOwn(stream, onMessage);
    if (last) link.send(last);
  };
  return {
    send(message) {
      last = message;
      if (link) link.send(message);
      else worker.port.postMessage(message);
    },
  };
}

function openOwn(stream: Stream, onMessage: (message: FeedMessage) => void): FeedLink {
  let link: FeedLink | null = null;
  let last: TabMessage | null = null;
  import("./live-feed.ts").then(
    ({ createLiveFeed }) => {
      link = createLiveFeed(stream).attach(onMessage);
      if (last) link.send(last);
    },
    (error: unknown) =>
      onMessage({ type: "state", state: "closed", error: { status: null, type: "error", message: String(error) } }),
  );
  return {
    send(message) {
      // Each message says all that is wanted.
      last = message;
      link?.send(message);
    },
  };
}
