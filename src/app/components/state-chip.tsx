// State of a session as an icon and a word, never as colour alone; with the tools whose calls wait.
import { type SessionState, STATE_WORDS, waitingTools } from "../../client/session-state.ts";
import type { WaitingFor } from "../../contract/sessions.ts";
import { classNames } from "./class-names.ts";
import type { Icon } from "./icons/create-icon.tsx";
import { Archive, CircleCheck, CircleX, Cog, Hand, LoaderCircle, RotateCw } from "./icons/icons.tsx";
import { Name } from "./name.tsx";

const looks: Record<SessionState, { icon: Icon; style: string; spins?: true }> = {
  running: { icon: LoaderCircle, style: "text-running", spins: true },
  waiting_for_you: { icon: Hand, style: "bg-waiting-soft text-waiting" },
  waiting_for_program: { icon: Cog, style: "text-muted" },
  retrying: { icon: RotateCw, style: "text-waiting" },
  idle: { icon: CircleCheck, style: "text-muted" },
  failed: { icon: CircleX, style: "text-danger" },
  refused: { icon: CircleX, style: "text-danger" },
  budget_reached: { icon: CircleX, style: "text-danger" },
  ended: { icon: CircleX, style: "text-muted" },
  archived: { icon: Archive, style: "text-muted" },
};

/** Where there is no room for the word it is told to those who point at it, and to screen readers. */
export function StateIcon({ state }: { state: SessionState }) {
  const { icon: Icon, style, spins } = looks[state];
  return (
    <span title={STATE_WORDS[state]} className={classNames("shrink-0 rounded-full", style)}>
      <Icon aria-hidden className={classNames("size-3.5", spins && "motion-safe:animate-spin")} />
      <span className="sr-only">{STATE_WORDS[state]}: </span>
    </span>
  );
}

/** `waitingFor` adds the tools that wait, where there is room for them. */
export function StateChip({ state, waitingFor = null }: { state: SessionState; waitingFor?: WaitingFor | null }) {
  const { icon: Icon, style, spins } = looks[state];
  const tools = waitingTools(state, waitingFor);
  return (
    <span
      className={classNames(
        "inline-flex max-w-full min-w-0 items-center gap-1.5 rounded-full border border-line px-2 py-0.5 text-[13px] font-medium whitespace-nowrap",
        style,
      )}
    >
      <Icon aria-hidden className={classNames("size-3.5 shrink-0", spins && "motion-safe:animate-spin")} />
      <span className="min-w-0 truncate">
        {STATE_WORDS[state]}
        {tools.length > 0 && (
          <>
            : <Name text={tools.join(", ")} />
          </>
        )}
      </span>
    </span>
  );
}
