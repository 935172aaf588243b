// Who decides about a tool call.
import { z } from "zod";

export type PermissionPolicy = { type: "always_allow" | "always_ask" | "auto" };
export const permissionPolicy = z.strictObject({ type: z.enum(["always_allow", "always_ask", "auto"]) });
