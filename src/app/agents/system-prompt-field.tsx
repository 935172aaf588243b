// The system prompt in an editor. Until that is loaded, and where it cannot be, in a plain field; what is typed there is kept.
"use client";

import { Suspense, useRef } from "react";
import { lazyPart } from "../components/lazy-part.tsx";
import { Field } from "../components/ui/field.tsx";
import { Textarea } from "../components/ui/input.tsx";

const { Part: CodeEditor } = lazyPart(async () => (await import("../components/code-editor.tsx")).CodeEditor);

type SystemPromptFieldProps = {
  value: string;
  error: string | undefined;
  readOnly: boolean;
  onChange: (system: string) => void;
};

export function SystemPromptField({ value, error, readOnly, onChange }: SystemPromptFieldProps) {
  const typing = useRef<{ start: number; end: number } | null>(null);
  return (
    <Field
      label="System prompt"
      hint="What the model is told before every conversation. Markdown, if you like. Optional."
      error={error}
    >
      {(control) => (
        <Suspense
          fallback={
            <Textarea
              {...control}
              className="max-h-[60vh] min-h-40 font-mono text-[13px]"
              spellCheck={false}
              value={value}
              onChange={(event) => onChange(event.target.value)}
              onSelect={({ currentTarget: { selectionStart: start, selectionEnd: end } }) => {
                typing.current = { start, end };
              }}
              onBlur={() => {
                typing.current = null;
              }}
            />
          }
        >
          <CodeEditor
            id={control.id}
            labelId={`${control.id}-label`}
            describedBy={control["aria-describedby"]}
            invalid={control["aria-invalid"]}
            readOnly={readOnly}
            value={value}
            onChange={onChange}
            selection={typing.current}
          />
        </Suspense>
      )}
    </Field>
  );
}
