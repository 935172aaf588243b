// A long text in an editor: grows with it, colours its markdown, undoes, and shows characters that hide. Heavy: load it lazily.
"use client";

import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { editorSetup } from "./editor-setup.ts";

type CodeEditorProps = {
  id: string;
  /** The element whose text names the editor; a click on it comes here. */
  labelId: string;
  describedBy: string | undefined;
  invalid: boolean;
  readOnly: boolean;
  value: string;
  onChange: (value: string) => void;
  /** Where somebody was typing already, while the editor was loaded. */
  selection: { start: number; end: number } | null;
};

export function CodeEditor(props: CodeEditorProps) {
  const { id, labelId, describedBy, invalid, readOnly, value, selection } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const [facts] = useState(() => new Compartment());
  const onChange = useEffectEvent((text: string) => props.onChange(text));
  const attributes: Extension = [
    EditorState.readOnly.of(readOnly),
    EditorView.editable.of(!readOnly),
    EditorView.contentAttributes.of({
      id,
      "aria-labelledby": labelId,
      "aria-invalid": String(invalid),
      "aria-readonly": String(readOnly),
      spellcheck: "false",
      ...(describedBy ? { "aria-describedby": describedBy } : {}),
      // What cannot be written in can still be reached and scrolled.
      ...(readOnly ? { tabindex: "0" } : {}),
    }),
  ];

  const open = useEffectEvent((parent: HTMLElement) => {
    const told = EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    });
    const extensions = [editorSetup(), told, facts.of(attributes)];
    const made = new EditorView({ parent, state: EditorState.create({ doc: value, extensions }) });
    if (selection) {
      made.focus();
      made.dispatch({ selection: { anchor: selection.start, head: selection.end }, scrollIntoView: true });
    }
    return made;
  });
  useEffect(() => {
    if (!place.current) return;
    const made = open(place.current);
    view.current = made;
    return () => made.destroy();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attributes` is made of exactly these
  useEffect(() => {
    view.current?.dispatch({ effects: facts.reconfigure(attributes) });
  }, [facts, id, labelId, describedBy, invalid, readOnly]);
  useEffect(() => {
    const known = view.current?.state.doc.toString();
    // Another text was put into the form: what is typed comes back here as it is.
    if (view.current && known !== value && known !== value.replaceAll(/\r\n?/g, "\n"))
      view.current.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const label = document.getElementById(labelId);
    const focus = () => view.current?.focus();
    label?.addEventListener("click", focus);
    return () => label?.removeEventListener("click", focus);
  }, [labelId]);
  return <div ref={place} />;
}
