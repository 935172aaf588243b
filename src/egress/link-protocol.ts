// The wire between sandboxd and the broker: one connection, lines of JSON. A listener lives as long as the connection it was asked for on.
import { z } from "zod";

/** Names a listener; made by sandboxd for each life of a sandbox. */
const id = z.string().regex(/^[0-9a-f]{12}$/);

/** It installs packages for this session's environment: it reaches where packages come from, and no credential goes with what it asks. */
const installsFor = z.strictObject({ teamId: z.string().min(1), sessionId: z.string().min(1) });
export type InstallsFor = z.infer<typeof installsFor>;

/** What a package manager of this machine is set to, `name` as the tool calls it, without what is secret. */
const packageSetting = z.strictObject({
  tool: z.string().max(20),
  name: z.string().max(200),
  value: z.string().max(10_000),
  /** The host whose address has a user or a password in it, which no sandbox is given; null: none has. */
  passwordFor: z.string().max(300).nullable(),
});
export type PackageSetting = z.infer<typeof packageSetting>;

export const linkRequest = z.union([
  z.strictObject({
    open: z.strictObject({
      id,
      /** Of the sandbox's disk: the broker finds its session by it. */
      identity: z.string().min(1).max(200),
      /** Where the broker listens. Its directory is there, and its own. */
      socketPath: z.string().startsWith("/"),
      installsFor: installsFor.exactOptional(),
    }),
  }),
  z.strictObject({ close: z.strictObject({ id }) }),
]);
export type LinkRequest = z.infer<typeof linkRequest>;

/** To each `open`. `certificate`: what the sandbox's programs are to trust, as PEM. `packageSettings`: for who installs. */
export const linkAnswer = z.union([
  z.strictObject({
    opened: z.strictObject({
      id,
      certificate: z.string(),
      packageSettings: z.array(packageSetting).max(200).exactOptional(),
    }),
  }),
  z.strictObject({ failed: z.strictObject({ id, message: z.string() }) }),
]);
export type LinkAnswer = z.infer<typeof linkAnswer>;
