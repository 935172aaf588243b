// Tokens and cost so far.
import type { Session } from "../../../contract/sessions.ts";
import { formatCost, formatCount } from "../../components/format.ts";
import type { SessionView } from "./session-view.ts";

export function UsageLine({ session, view }: { session: Session; view: SessionView }) {
  const { tokens } = view;
  const read = tokens.input_tokens + tokens.cache_read_input_tokens + tokens.cache_creation_input_tokens;
  const cost = formatCost(session.usage);
  return (
    <>
      <span className="tabular-nums" title="Tokens that the model read and wrote">
        {formatCount(read)} in · {formatCount(tokens.output_tokens)} out
      </span>
      <span className="tabular-nums" title={cost ? "List price of all model requests" : "The gateway gave no price"}>
        {cost ?? "cost unknown"}
      </span>
    </>
  );
}
