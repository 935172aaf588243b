// What was said last in a session, on one line, with who said it.
import type { LastMessage } from "../../contract/sessions.ts";
import { Bot, CircleUser } from "../components/icons/icons.tsx";
import { Name } from "../components/name.tsx";

export function LastMessageLine({ message }: { message: LastMessage | null }) {
  if (!message) return <span className="block truncate text-muted">Nothing was said yet</span>;
  const Who = message.role === "user" ? CircleUser : Bot;
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-muted" title={new Date(message.at).toLocaleString()}>
      <Who aria-hidden className="size-3.5 shrink-0" />
      <span className="sr-only">{message.role === "user" ? "User: " : "Agent: "}</span>
      <span className="truncate">
        <Name text={message.text} />
      </span>
    </span>
  );
}
