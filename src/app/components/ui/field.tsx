// A labelled form control with an optional hint and error.
import { type ReactNode, useId } from "react";

type FieldProps = {
  label: string;
  hint?: string | undefined;
  error?: string | null | undefined;
  children: (control: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }) => ReactNode;
};

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className="grid content-start gap-1">
      <label id={`${id}-label`} htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": note ? noteId : undefined, "aria-invalid": Boolean(error) })}
      {note && (
        <p id={noteId} className={error ? "text-danger" : "text-muted"} role={error ? "alert" : undefined}>
          {note}
        </p>
      )}
    </div>
  );
}
