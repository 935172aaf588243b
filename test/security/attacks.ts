// The attacks that tests must prove blocked, by id. docs/security.md is made from this list and from the tests whose names begin with an id (`npm run generate`).

/** Where no test carries the id. */
export type Open = {
  /** `not here`: there is nothing in this release that could be attacked so. `waits`: for a part that comes. `not yet`: a test is missing. */
  state: "not here" | "waits" | "not yet";
  why: string;
};
export type Attack = {
  id: string;
  /** What is tried. */
  title: string;
  open?: Open;
  /** What the tests leave out. */
  note?: string;
  /** Tests whose names carry no id: `file > the beginning of the test's name`. */
  provenBy?: readonly string[];
};

const notHere = (why: string): Open => ({ state: "not here", why });
const waits = (why: string): Open => ({ state: "waits", why });

const TEAMS = waits("people and several teams on one server");

export const attacks: readonly Attack[] = [
  { id: "S1", title: "Writing kernel settings through /proc and /sys" },
  { id: "S2", title: "A launcher run as root gives agents its own user id" },
  { id: "S3", title: "Reading the server's environment from inside" },
  { id: "S4", title: "Using descriptors that the server had open" },
  { id: "S5", title: "Reading names and paths from /proc/1/cmdline" },
  { id: "S6", title: "Mounting, and making or joining namespaces" },
  { id: "S7", title: "Kernel interfaces that no agent needs: bpf, perf, io_uring, ptrace, keyctl, modules" },
  { id: "S8", title: "Reading the host's keyrings" },
  { id: "S9", title: "Socket families that ignore network namespaces, raw sockets" },
  { id: "S10", title: "Calls through the i386 or x32 table, past the filter" },
  { id: "S11", title: "Typing into the server's terminal" },
  { id: "S12", title: "Unix sockets of the host, abstract ones too" },
  { id: "S13", title: "Devices of the host" },
  { id: "S14", title: "Becoming root by a setuid program" },
  { id: "S15", title: "Reading files of the host and of other workspaces" },
  { id: "S16", title: "Seeing or signalling processes outside" },
  { id: "S17", title: "Killing everything inside, to leave orphans" },
  { id: "S18", title: "A daemon that outlives its sandbox" },
  { id: "S19", title: "Starting while a part of the isolation is missing" },

  { id: "R1", title: "Fork bomb" },
  { id: "R2", title: "More memory than allowed" },
  { id: "R3", title: "Burning the processor that others need" },
  { id: "R4", title: "Filling the disk, /tmp, /dev/shm" },
  { id: "R5", title: "Files without end" },
  { id: "R6", title: "One giant or sparse file, also in an archive" },
  { id: "R7", title: "Output without end" },
  {
    id: "R8",
    title: "Decompression bomb",
    note: "Of what hosts and MCP servers answer. Nothing that a client sends is unpacked by Berth.",
  },
  { id: "R9", title: "Slow clients that hold connections" },
  { id: "R10", title: "A body without end through the broker" },
  { id: "R11", title: "Names without end, to make the broker sign or look up" },
  {
    id: "R12",
    title: "One team floods the server with sessions",
    provenBy: ["src/worker/team-limit.integration.test.ts"],
  },
  {
    id: "R13",
    title: "An agent spends without end",
    provenBy: [
      "src/sessions/turns.integration.test.ts > stops before the next request, and a raised one lets the turn go on",
      "src/sessions/turns.integration.test.ts > can't be kept with an unknown price",
      "src/sessions/next-step.test.ts > the budget is reached",
    ],
  },
  { id: "R14", title: "A pattern that takes for ever to match" },

  { id: "E1", title: "Leaving without the broker: TCP, UDP, ICMP, IPv6" },
  { id: "E2", title: "The cloud's metadata, by name and by address" },
  { id: "E3", title: "The server's own services through the broker" },
  { id: "E4", title: "Addresses instead of names, in every notation" },
  { id: "E5", title: "A name that leads to a private address" },
  {
    id: "E6",
    title: "A name that leads somewhere else the second time",
    provenBy: ["src/egress/dial-guard.test.ts > is all its addresses"],
    note: "Asked once; the checked address is the one that is dialled.",
  },
  { id: "E7", title: "A name with a public and a private address" },
  { id: "E8", title: "Spellings of a host that two readers take differently" },
  { id: "E9", title: "A host that only looks like an allowed one" },
  { id: "E10", title: "Other ports of an allowed host" },
  { id: "E11", title: "Something other than TLS in a tunnel" },
  { id: "E12", title: "Plain HTTP" },
  { id: "E13", title: "A redirect to a host that is not allowed" },
  { id: "E14", title: "A proxy in the tunnel, headers that speak for others" },
  { id: "E15", title: "Secrets in looked-up names" },
  { id: "E16", title: "Three names that are not the same: CONNECT, SNI, Host" },
  { id: "E17", title: "TLS without a name" },
  { id: "E18", title: "Without proxy variables, own resolver, QUIC" },
  { id: "E19", title: "The broker is down" },
  {
    id: "E20",
    title: "Addresses that the server itself is told to fetch",
    note: "For OAuth tokens, MCP servers, web pages and search. Webhooks and sign-in by OIDC are not in this release; git runs in sandboxes.",
  },
  { id: "E21", title: "A preview that reaches other ports" },

  { id: "C1", title: "Finding a value in the sandbox" },
  { id: "C2", title: "A placeholder sent to another allowed host" },
  { id: "C3", title: "Another session's placeholder" },
  { id: "C4", title: "Guessing a placeholder" },
  { id: "C5", title: "A placeholder where its credential has no place" },
  { id: "C6", title: "A host that gives the value back, in any encoding" },
  { id: "C7", title: "Answers that are held back to look into them" },
  { id: "C8", title: "The value in a redirect, cookie, trailer or close reason" },
  { id: "C9", title: "Requests that two readers take for different ones" },
  { id: "C10", title: "A second request for another host behind a good one" },
  { id: "C11", title: "A value with a line break" },
  { id: "C12", title: "A value that holds a placeholder" },
  { id: "C13", title: "Finding git's token" },
  { id: "C14", title: "A credential used on other paths or by other methods" },
  { id: "C15", title: "Paths that are read in two ways" },
  { id: "C16", title: "AWS signatures for another service, region or host" },
  { id: "C17", title: "Setting a credential's header first" },
  { id: "C18", title: "WebSockets, and upgrades to anything else" },
  { id: "C19", title: "HTTP/2 and gRPC, past the checks", provenBy: ["src/egress/http2.test.ts"] },
  {
    id: "C20",
    title: "A host with a bad certificate",
    provenBy: ["src/egress/broker.test.ts > is a host whose certificate is not trusted"],
  },
  {
    id: "C21",
    title: "The key of the broker's authority, and trust in another session's",
    note: "The key is made in the broker's memory and cannot be taken out of it, not even by the broker.",
  },
  { id: "C22", title: "The old value after a rotation" },
  { id: "C23", title: "A credential that was deleted or archived" },
  { id: "C24", title: "Binding a credential to another host without the right to", open: TEAMS },
  { id: "C25", title: "Reading a value through the API" },
  { id: "C26", title: "The refresh token of an OAuth credential" },
  { id: "C27", title: "Connections to a host shared by sessions" },
  {
    id: "C28",
    title: "A stolen proxy token",
    open: notHere("the local broker has none: each sandbox has a listener of its own"),
  },
  { id: "C29", title: "A value that is short, or an everyday word" },

  {
    id: "T1",
    title: "Another team's objects by their ids",
    note: "For vaults; all other routes wait for several teams.",
  },
  { id: "T2", title: "Another team's objects attached to one's own" },
  {
    id: "T3",
    title: "Another team's objects in lists, counts and streams",
    provenBy: ["src/api/change-hub.test.ts > another team's changes stay with that team"],
    note: "For streams of changes; lists wait for several teams.",
  },
  { id: "T4", title: "Another team's stream, resumed", open: TEAMS },
  {
    id: "T5",
    title: "Fields that only the server sets",
  },
  { id: "T6", title: "Giving oneself a higher role", open: TEAMS },
  {
    id: "T7",
    title: "A key that was revoked, or a browser that was logged out, with a stream open",
    provenBy: ["test/api/api-keys.test.ts > a browser that logged in with a key is logged out with it"],
  },
  {
    id: "T8",
    title: "A sandbox's token used elsewhere",
    open: notHere("sandboxes hold no token: the platform dials them"),
  },
  { id: "T9", title: "Answers kept for another team", open: TEAMS },
  { id: "T10", title: "Guessing ids" },
  { id: "T11", title: "SQL in ids, names, queries" },
  { id: "T12", title: "__proto__ and constructor in JSON" },
  { id: "T13", title: "Errors that tell of the inside" },
  {
    id: "T14",
    title: "Two at once: the same approval, the same login, the same work",
    provenBy: [
      "test/api/rules-of-every-request.test.ts > of ten logins with one link at once one succeeds",
      "test/api/rules-of-every-request.test.ts > of ten equal requests at once one takes effect",
    ],
  },
  {
    id: "T15",
    title: "An automation with the rights of somebody who lost them",
    open: waits("schedules and webhooks"),
  },
  { id: "T16", title: "Memory of one team in another", open: waits("memory stores") },

  { id: "F1", title: "Paths that lead outside" },
  { id: "F2", title: "Links that lead outside, swapped in meanwhile" },
  { id: "F3", title: "Reading what is no regular file" },
  {
    id: "F4",
    title: "Archives that write outside",
    note: "Nothing that a client sends is unpacked. What is fuzzed is the reader of snapshots and the writer of restored files.",
  },
  {
    id: "F5",
    title: "A file that a browser takes for a page",
    provenBy: ["test/api/files.test.ts > a page that an agent wrote is bytes to a browser"],
  },
  {
    id: "F6",
    title: "git settings in a workspace that the server runs",
    open: notHere("Berth runs no git outside sandboxes"),
  },
  { id: "F7", title: "A name used as a path" },
  { id: "F8", title: "A copy of a session that keeps its placeholders" },
  {
    id: "F9",
    title: "Data of a deleted session on the disk",
    note: "Packs of its snapshots go when nothing can need them any more, after twelve hours. Rows are deleted; Postgres writes over their bytes in its own time.",
  },

  {
    id: "B1",
    title: "Script in messages, titles, tool output, names",
    provenBy: ["test/e2e/journeys/hostile-texts.test.ts > the conversation shows them as text"],
  },
  {
    id: "B2",
    title: "Escape sequences for the terminal and the log",
    provenBy: ["src/lib/visible-text.test.ts", "src/app/components/ansi-runs.test.ts"],
  },
  {
    id: "B3",
    title: "Pictures that carry secrets away",
    provenBy: ["test/e2e/journeys/hostile-texts.test.ts > the policy that held is strict"],
  },
  { id: "B4", title: "Another site's form or fetch with the operator's cookie" },
  { id: "B5", title: "Another site's stream or WebSocket" },
  { id: "B6", title: "Framing, sniffing, referrers" },
  { id: "B7", title: "An agent's web page that steals the session" },
  { id: "B8", title: "A name of another site that leads to this server" },
  {
    id: "B9",
    title: "A redirect after login to somewhere else",
    open: notHere("logging in leads to the dashboard only; OAuth and OIDC sign-in come with people"),
  },
  {
    id: "B10",
    title: "Fixing or stealing a browser's session",
    note: "Over plain http another host of the same domain can still set a cookie: serve Berth by https where others share its domain.",
  },
  {
    id: "B11",
    title: "Formulas in exported tables",
    provenBy: ["src/app/usage/to-csv.test.ts"],
  },
  {
    id: "B12",
    title: "An approval that hides what it is for",
    provenBy: ["test/e2e/journeys/hostile-texts.test.ts > calls that wait show what they are"],
  },

  {
    id: "K1",
    title: "Trying keys and links",
    note: "Of one address (of IPv6: one network) thirty wrong ones are looked at, then one a second, in each web process. Behind a proxy all callers are one address; what was right within the last hour is let through.",
  },
  {
    id: "K2",
    title: "Time or words that tell whether a key exists",
    note: "Words only: a key is found by its hash, which nobody who guesses can bring nearer to another one, and compared in constant time; known and unknown ones cost one look. Time is not measured, on a busy machine that would say nothing.",
  },
  {
    id: "K3",
    title: "A key that was revoked",
    provenBy: ["test/api/api-keys.test.ts > a new key works at every web process"],
    note: "Keys have no scopes and no end in this release.",
  },
  {
    id: "K4",
    title: "Forged JSON web tokens",
    open: notHere("there are none: keys and cookies are random texts, known by their hashes"),
  },
  { id: "K5", title: "A stolen copy of the database" },
  { id: "K6", title: "Sealed values moved, planted, cut short" },
  { id: "K7", title: "A lost or another KEK, and its rotation" },
  { id: "K8", title: "Secrets in logs" },
  { id: "K9", title: "Lines planted in the log" },
  { id: "K10", title: "Changing the audit log", open: waits("a chained audit log") },
  { id: "K11", title: "Starting without what protects it" },
  { id: "K12", title: "X-Forwarded headers of anybody" },
  { id: "K13", title: "Forged or repeated webhooks", open: waits("webhooks") },
  {
    id: "K14",
    title: "A KEK or an open value in an export",
    provenBy: ["test/security/vault-canary.test.ts > C25, K5, K8: after a walk"],
    note: "A dump of the database is the only export that holds vaults.",
  },
  {
    id: "K15",
    title: "A package that runs code when it is installed",
    provenBy: ["scripts/lockfile.test.ts"],
    note: "Known ones only; whether a version has a known hole is for `npm audit`, which needs the network.",
  },
  { id: "K16", title: "An administrator who looks in unseen", open: TEAMS },
];
