// Server-sent events as text: a parser that may be fed any split of the bytes.

export type SseFrame = {
  /** Name of the event; `message` when the frame has none. */
  event: string;
  data: string;
  /** The frame's own id, null when it carries none. */
  id: string | null;
};

/** Parses an event stream as the HTML standard says; a frame without data is dropped, an id without data is not an event. */
export function createSseParser(): { push(chunk: Uint8Array): SseFrame[] } {
  const decoder = new TextDecoder();
  let rest = "";
  let endedWithCr = false;
  let event = "";
  let id: string | null = null;
  let data: string[] = [];

  function takeFrame(): SseFrame | null {
    const frame = data.length === 0 ? null : { event: event || "message", data: data.join("\n"), id };
    event = "";
    id = null;
    data = [];
    return frame;
  }

  function takeField(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const start = line[colon + 1] === " " ? colon + 2 : colon + 1;
    const value = colon === -1 ? "" : line.slice(start);
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
  }

  return {
    push(chunk) {
      let text = decoder.decode(chunk, { stream: true });
      if (text === "") return [];
      // A line feed right after a carriage return belongs to the line that was already taken.
      if (endedWithCr && text.startsWith("\n")) text = text.slice(1);
      endedWithCr = text.endsWith("\r");
      const lines = (rest + text).split(/\r\n|\r|\n/);
      rest = lines.pop() ?? "";
      const frames: SseFrame[] = [];
      for (const line of lines) {
        if (line !== "") takeField(line);
        else {
          const frame = takeFrame();
          if (frame) frames.push(frame);
        }
      }
      return frames;
    },
  };
}
