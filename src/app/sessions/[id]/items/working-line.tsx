// The model was asked and has not begun to answer.
import { LoaderCircle } from "../../../components/icons/icons.tsx";

export function WorkingLine() {
  return (
    <p className="flex items-center gap-2 text-[13px] text-muted">
      <LoaderCircle aria-hidden className="size-4 motion-safe:animate-spin" /> Waiting for the model…
    </p>
  );
}
