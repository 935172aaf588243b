// Shown over the page while files are held over it.
import { Upload } from "../../components/icons/icons.tsx";

export function DropHint() {
  return (
    <div className="pointer-events-none absolute inset-2 z-30 grid place-items-center rounded-lg border-2 border-dashed border-accent bg-accent-soft/90">
      <p className="flex items-center gap-2 font-medium text-accent">
        <Upload aria-hidden className="size-5" /> Drop files to add them to your message
      </p>
    </div>
  );
}
