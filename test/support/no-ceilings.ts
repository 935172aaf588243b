// Nothing lies above an environment.
import type { Ceilings } from "../../src/contract/ceilings.ts";

export const NO_CEILINGS: Ceilings = { ceiling: { type: "unrestricted" }, teamCeiling: null };
