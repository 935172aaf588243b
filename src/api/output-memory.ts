// Output of the commands that run in one session: its end, for those who come late, and what of it was told already.
import type { OutputStart, ToolOutputDelta } from "../contract/events.ts";

/** What a late subscriber gets of each command. */
const KEPT_BYTES = 16 * 1024;

type Output = { eventId: string; deltas: ToolOutputDelta[]; reached: number };

export type OutputMemory = {
  /** False: this was told before. */
  add(preview: OutputStart | ToolOutputDelta): boolean;
  /** The call has its result. */
  finish(toolUseId: string): boolean;
  /** What brings a new subscriber up to date. */
  open(): (OutputStart | ToolOutputDelta)[];
};

/** A command goes on at another worker under another event id, and its output is told anew. */
export function createOutputMemory(): OutputMemory {
  const outputs = new Map<string, Output>();

  function begin(toolUseId: string, eventId: string): Output {
    const output: Output = { eventId, deltas: [], reached: 0 };
    outputs.set(toolUseId, output);
    return output;
  }

  return {
    add(preview) {
      if (preview.type === "event_start") {
        const { id, tool_use_id } = preview.event;
        if (outputs.get(tool_use_id)?.eventId === id) return false;
        begin(tool_use_id, id);
        return true;
      }
      const { event_id, tool_use_id, delta } = preview;
      const known = outputs.get(tool_use_id);
      const output = known?.eventId === event_id ? known : begin(tool_use_id, event_id);
      const end = delta.byte_offset + delta.byte_count;
      if (end <= output.reached) return false;
      output.reached = end;
      output.deltas.push(preview);
      let kept = output.deltas.reduce((sum, one) => sum + one.delta.byte_count, 0);
      while (kept > KEPT_BYTES) kept -= output.deltas.shift()?.delta.byte_count ?? 0;
      return true;
    },
    finish: (toolUseId) => outputs.delete(toolUseId),
    open: () =>
      [...outputs].flatMap(([toolUseId, { eventId, deltas }]) => [
        { type: "event_start", event: { type: "agent.tool_result", id: eventId, tool_use_id: toolUseId } },
        ...deltas,
      ]),
  };
}
