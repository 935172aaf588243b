// What the egress broker decided, as an icon and a word; and the mark of what no program does by accident.
import type { EgressRequest } from "../../contract/egress-requests.ts";
import { classNames } from "../components/class-names.ts";
import type { Icon } from "../components/icons/create-icon.tsx";
import { Ban, CircleCheck, CircleX, ShieldAlert } from "../components/icons/icons.tsx";

const looks: Record<EgressRequest["decision"], { icon: Icon; word: string; style: string }> = {
  allow: { icon: CircleCheck, word: "Allowed", style: "text-muted" },
  deny: { icon: Ban, word: "Refused", style: "text-waiting bg-waiting-soft" },
  error: { icon: CircleX, word: "Failed", style: "text-danger" },
};

export function DecisionChip({ request }: { request: Pick<EgressRequest, "decision" | "suspicious"> }) {
  const { icon: Icon, word, style } = looks[request.decision];
  return (
    <span className="flex flex-wrap items-center gap-1">
      <span
        className={classNames(
          "inline-flex items-center gap-1.5 rounded-full border border-line px-2 py-0.5 text-[13px] font-medium whitespace-nowrap",
          style,
        )}
      >
        <Icon aria-hidden className="size-3.5 shrink-0" /> {word}
      </span>
      {request.suspicious && (
        <span
          title="No program does this by accident"
          className="inline-flex items-center gap-1 text-[13px] font-medium whitespace-nowrap text-danger"
        >
          <ShieldAlert aria-hidden className="size-3.5 shrink-0" /> Security
        </span>
      )}
    </span>
  );
}
