// How the input of a call is best shown.

type ShownInput =
  | { kind: "text"; text: string }
  | { kind: "edit"; path: string; before: string; after: string; everywhere: boolean };

/** A diff only where it says all that the input does: a field that is not known makes it JSON. */
export function classifyInput(name: string, input: Readonly<Record<string, unknown>>): ShownInput {
  const json = { kind: "text" as const, text: JSON.stringify(input, null, 2) };
  const { command, file_path: path, content, old_string: before, new_string: after, replace_all: all, ...rest } = input;
  if (Object.keys(rest).length > 0) return json;
  if (name === "bash" && typeof command === "string" && Object.keys(input).length === 1)
    return { kind: "text", text: command };
  if (typeof path !== "string" || command !== undefined) return json;
  if (
    name === "write" &&
    typeof content === "string" &&
    before === undefined &&
    after === undefined &&
    all === undefined
  )
    return { kind: "edit", path, before: "", after: content, everywhere: false };
  const toggles = all === undefined || typeof all === "boolean";
  if (name === "edit" && typeof before === "string" && typeof after === "string" && content === undefined && toggles)
    return { kind: "edit", path, before, after, everywhere: all === true };
  return json;
}
