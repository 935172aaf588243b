// The licences of what this release is built with. Berth's own addition.
import { z } from "zod";

export const licenceList = z.strictObject({
  data: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      /** As its authors name it, mostly an SPDX expression. */
      licence: z.string(),
      /** Null where the package has no file of it. */
      text: z.string().nullable(),
    }),
  ),
});
export type LicenceList = z.infer<typeof licenceList>;
