// The list of harnesses; ids are its keys.
import { createBuiltinHarness } from "./builtin/builtin.ts";

export const harnesses = {
  builtin: { label: "Built-in loop", create: createBuiltinHarness },
} as const;
