// `/v1/licences`: what this release is built with. Berth's own addition.
import { type LicenceList, licenceList } from "../contract/licences.ts";
import type { Routes } from "./route.ts";

/** `read` may be slow: it is asked once. */
export function licenceRoutes(routes: Routes, read: () => LicenceList): void {
  let known: LicenceList | null = null;
  routes.read(
    {
      method: "get",
      path: "/v1/licences",
      tag: "Operation (Berth)",
      summary: "Read the licences of what this release is built with",
      answer: licenceList,
    },
    async () => {
      known ??= read();
      return known;
    },
  );
}
