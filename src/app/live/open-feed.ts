// The way to the feed: a SharedWorker where the browser has it (then all tabs have one connection), otherwise one in this page.
import type { TeamStreamOptions } from "../../client/stream-sessions.ts";
import type { FeedLink, FeedMessage, TabMessage } from "./live-messages.ts";
import { loadPart } from "./load-part.ts";

type Stream = (options: TeamStreamOptions) => Promise<void>;

/** Begun with the page's scripts, not when the page is drawn: until a worker runs takes a browser a quarter of a second. */
const shared = typeof window === "undefined" ? null : startShared();

/** `stream` is for a feed in this page. */
export function openFeed(stream: Stream, onMessage: (message: FeedMessage) => void): FeedLink {
  if (!shared) return openOwn(stream, onMessage);
  let link: FeedLink | null = null;
  let last: TabMessage | null = null;
  const { worker } = shared;
  worker.port.onmessage = ({ data }: MessageEvent<FeedMessage>) => onMessage(data);
  shared.onFailed(() => {
    link ??= openOwn(stream, onMessage);
    if (last) link.send(last);
  });
  return {
    send(message) {
      last = message;
      if (link) link.send(message);
      else worker.port.postMessage(message);
    },
  };
}

/** Knows nothing of this tab before its first word. */
function startShared() {
  // Chrome on Android has none.
  if (typeof SharedWorker === "undefined") return null;
  const worker = new SharedWorker(new URL("./live-worker.ts", import.meta.url), { name: "berth-live" });
  let failed = false;
  let tell: (() => void) | null = null;
  // Its script could not be loaded: the page of an earlier release, say.
  worker.onerror = () => {
    failed = true;
    tell?.();
  };
  return {
    worker,
    onFailed(act: () => void): void {
      tell = act;
      if (failed) act();
    },
  };
}

function openOwn(stream: Stream, onMessage: (message: FeedMessage) => void): FeedLink {
  let link: FeedLink | null = null;
  let last: TabMessage | null = null;
  loadPart(() => import("./live-feed.ts")).then(
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
