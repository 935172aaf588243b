// Controls, each with the patch that switches it off and the test that must notice. A patch fits exactly once, or the source moved and the list has to follow.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Mutation = {
  control: string;
  file: string;
  find: string;
  replace: string;
  project: "unit" | "integration" | "api" | "security" | "long";
  /** Where the test is that notices. */
  test: string;
  /** The beginning of its name, or of its group's. */
  named: string;
};

export const mutations: readonly Mutation[] = [
  {
    control: "what is open is told of credentials that are in effect from now on",
    ...{ file: "src/egress/apply-credentials.ts", find: "      open.tell(sessionId, found);\n", replace: "" },
    ...{ project: "security", test: "test/security/first-credential.test.ts", named: "C6, C22: it ends as well" },
  },
  {
    control: "what is open is scrubbed of what it is told",
    file: "src/egress/apply-credentials.ts",
    find: "for (const each of streams) each.learn(credentials);",
    replace: "void streams;",
    ...{ project: "security", test: "test/security/credentials-in-answers.test.ts", named: "C6, C22: what comes on" },
  },
  {
    control: "what is open ends before a request goes out with its session's first credential",
    ...{
      file: "src/egress/apply-credentials.ts",
      find: "        end(new Refusal(",
      replace: "        void (new Refusal(",
    },
    ...{ project: "security", test: "test/security/first-credential.test.ts", named: "C6, C22: what was open" },
  },
  {
    control: "what an MCP server gives back on an open stream is scrubbed of tokens that were renewed meanwhile",
    file: "src/secrets/inject/scrub-while-open.ts",
    find: "learn(latest)",
    replace: "learn(options.from)",
    project: "integration",
    test: "src/sessions/mcp-credentials.integration.test.ts",
    named: "a renewed token does not come back",
  },
  {
    control: "guesses of one address are counted",
    ...{
      file: "src/teams/guess-budget.ts",
      find: "if (isKnown(network, hash) || leftOf(network) >= 1) return;",
      replace: "return;",
    },
    ...{ project: "unit", test: "src/teams/guess-budget.test.ts", named: "K1: of ten thousand" },
  },
  {
    control: "guesses that are looked at side by side are counted",
    ...{ file: "src/teams/guess-budget.ts", find: "now.looking += 1;", replace: "" },
    ...{ project: "unit", test: "src/teams/guess-budget.test.ts", named: "K1: of ten thousand at once" },
  },
  {
    control: "trailers hold no placeholder",
    ...{ file: "src/egress/forward.ts", find: "      refuseInTrailers(trailers);\n", replace: "" },
    ...{ project: "unit", test: "src/egress/http2.test.ts", named: "C5: a placeholder in trailers" },
  },
  {
    control: "what is open ends when it is no longer allowed",
    ...{ file: "src/egress/open-exchanges.ts", find: "      exchange.end(error);\n", replace: "" },
    ...{ project: "security", test: "test/security/open-connections.test.ts", named: "what is open to a host" },
  },
  {
    control: "what is open ends with the credential that went into it",
    ...{ file: "src/egress/forward.ts", find: "    await check?.();\n", replace: "" },
    ...{ project: "security", test: "test/security/open-connections.test.ts", named: "C22, C23: " },
  },
  {
    control: "behind https only this host's own cookie counts",
    ...{ file: "src/api/authenticate.ts", find: "(isHttps(header) ? undefined : ", replace: "(" },
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "B10: " },
  },
  {
    control: "the broker gives up the rights of root",
    ...{ file: "src/supervisor/give-up-root.ts", find: "  process.setuid(gid);\n", replace: "" },
    ...{ project: "long", test: "test/security/broker-rights.test.ts", named: "S2: it is a user of its own" },
  },
  {
    control: "dial guard: each resolved address is checked",
    ...{ file: "src/egress/dial-guard.ts", find: "if (why !== null)", replace: "if (why === undefined)" },
    ...{ project: "unit", test: "src/egress/dial-guard.test.ts", named: "E7: one of several that is loopback" },
  },
  {
    control: "dial guard: the checked address is the one that is dialled",
    file: "src/egress/upstream-request.ts",
    find: "{ host, lookup: guard.lookup, method",
    replace: "{ host, method",
    ...{ project: "unit", test: "src/egress/broker.test.ts", named: "E5: is an allowed host" },
  },
  {
    control: "refused addresses: NAT64",
    ...{ file: "src/egress/refused-addresses.ts", find: '["64:ff9b::/96", "NAT64"],', replace: "" },
    ...{ project: "unit", test: "src/egress/refused-addresses.test.ts", named: "E2, E5: refused" },
  },
  {
    control: "refused addresses: the cloud's metadata",
    ...{ file: "src/egress/refused-addresses.ts", find: '["169.254.0.0/16", "link-local"],', replace: "" },
    ...{ project: "unit", test: "src/egress/refused-addresses.test.ts", named: "E2, E5: refused" },
  },
  {
    control: "host names: one canonical form",
    file: "src/contract/host-names.ts",
    find: "if (NEVER_IN_A_NAME.test(text)) return refuse(",
    replace: "if (text === undefined) return refuse(",
    ...{ project: "unit", test: "src/contract/host-names.test.ts", named: "E8: one canonical form" },
  },
  {
    control: "allowed hosts: whole labels only",
    ...{
      file: "src/contract/host-names.ts",
      find: "host.endsWith(`.",
      replace: "host.endsWith(`",
    },
    ...{ project: "unit", test: "src/contract/host-names.test.ts", named: "E9: " },
  },
  {
    control: "broker: SNI, Host and CONNECT are the same",
    file: "src/egress/read-target.ts",
    find: 'if (hostOf(hostHeader, "https") !== tunnelHost) throw mismatch();',
    replace: "",
    ...{ project: "unit", test: "src/egress/broker.test.ts", named: "E16: " },
  },
  {
    control: "broker: bodies are delimited in one way",
    ...{
      file: "src/egress/read-target.ts",
      find: "  if (!isFramedInOneWay(head.rawHeaders)) throw framingRefusal();\n",
      replace: "",
    },
    ...{ project: "unit", test: "src/egress/read-target.test.ts", named: "C9: " },
  },
  {
    control: "broker: only port 443",
    file: "src/egress/read-target.ts",
    find: "if (Number(match[2]) !== PORTS.https)",
    replace: "if (Number(match[2]) === 0)",
    ...{ project: "unit", test: "src/egress/broker.test.ts", named: "E10: " },
  },
  {
    control: "broker: no TRACE, no CONNECT in a tunnel",
    file: "src/egress/read-target.ts",
    find: "if (FORBIDDEN_METHODS.has(head.method))",
    replace: 'if (head.method === "")',
    ...{ project: "unit", test: "src/egress/broker.test.ts", named: "E14: the method" },
  },
  {
    control: "broker: hosts' certificates are verified",
    ...{ file: "src/egress/broker.ts", find: "rejectUnauthorized: true", replace: "rejectUnauthorized: false" },
    ...{ project: "unit", test: "src/egress/broker.test.ts", named: "is a host whose certificate is not trusted" },
  },
  {
    control: "rules: without a session nothing is reached",
    file: "src/egress/decide.ts",
    find: "if (!policy) throw new Refusal(",
    replace: 'if (!policy) return "unrestricted";\n  if (policy.teamId === "") throw new Refusal(',
    ...{ project: "unit", test: "src/egress/decide.test.ts", named: "no session, no host" },
  },
  {
    control: "rules: a host that is not allowed is refused",
    file: "src/contract/allowing-rule.ts",
    find: 'if (networking.type === "unrestricted") return',
    replace: "if (networking.type) return",
    ...{ project: "unit", test: "src/egress/decide.test.ts", named: "" },
  },
  {
    control: "rules: nothing above the server's ceiling is reached, whatever the environment says",
    file: "src/contract/ceilings.ts",
    find: "if (allowingRule(ceiling, host, others) === null)",
    replace: 'if (host === "")',
    ...{ project: "unit", test: "src/egress/decide.test.ts", named: "the ceiling" },
  },
  {
    control: "rules: nothing above a team's ceiling is reached, whatever the environment says",
    file: "src/contract/ceilings.ts",
    find: "if (teamCeiling !== null && allowingRule(teamCeiling, host, others) === null)",
    replace: 'if (teamCeiling !== null && host === "")',
    ...{ project: "unit", test: "src/egress/decide.test.ts", named: "the team's ceiling" },
  },
  {
    control: "security events are marked",
    ...{ file: "src/egress/refusal.ts", find: '  "refused_address",\n  "placeholder', replace: '  "placeholder' },
    ...{ project: "unit", test: "src/egress/broker.test.ts", named: "E5: is an allowed host" },
  },
  {
    control: "security events are told in the session's log",
    ...{
      file: "src/sessions/record-egress-requests.ts",
      find: "suspicious && fresh.has(id)",
      replace: "!suspicious && fresh.has(id)",
    },
    project: "integration",
    test: "src/sessions/record-egress-requests.integration.test.ts",
    named: "suspicious requests are told of",
  },
  {
    control: "placeholders: only for the hosts of their credential",
    file: "src/secrets/inject/swap-placeholders.ts",
    find: "if (!isForHost(credential, target.host))",
    replace: "if (target.host === null)",
    ...{ project: "security", test: "test/security/credentials-in-requests.test.ts", named: "C2: " },
  },
  {
    control: "placeholders: only in the places of their credential",
    file: "src/secrets/inject/swap-placeholders.ts",
    find: "if (!auth.injection_location[place])",
    replace: "if (!place)",
    ...{ project: "security", test: "test/security/credentials-in-requests.test.ts", named: "C5: " },
  },
  {
    control: "credentials: a path is below, not only alike",
    file: "src/secrets/inject/credential-scope.ts",
    find: "return pathname === base || pathname.startsWith(",
    replace: "return pathname.startsWith(base) || pathname.startsWith(",
    ...{ project: "security", test: "test/security/credentials-in-requests.test.ts", named: "C14: " },
  },
  {
    control: "credentials: only by the methods that their vault names",
    file: "src/secrets/inject/credential-scope.ts",
    find: "  if (!methods) return true;",
    replace: "  return true;",
    ...{ project: "security", test: "test/security/credential-request-scopes.test.ts", named: "C2, C14: " },
  },
  {
    control: "credentials: only below the paths that their vault names",
    file: "src/secrets/inject/credential-scope.ts",
    find: "  if (!prefixes) return 0;",
    replace: "  return 0;",
    ...{ project: "security", test: "test/security/credential-request-scopes.test.ts", named: "C2, C14: " },
  },
  {
    control: "credentials: paths that are read in two ways",
    file: "src/secrets/inject/credential-scope.ts",
    find: "if (/%2e|%2f|%5c|%00|[\\\\;#]|\\/\\//i.test(pathname)) return false;",
    replace: "",
    ...{ project: "security", test: "test/security/credentials-in-requests.test.ts", named: "C15: " },
  },
  {
    control: "answers: unpacked some times at most",
    file: "src/secrets/inject/scrub-answer.ts",
    find: '  if (names.length > MAX_ENCODINGS) throw unreadable(names.join(", "));\n',
    replace: "",
    ...{ project: "unit", test: "src/secrets/inject/scrub-answer.test.ts", named: "R8: " },
  },
  {
    control: "answers: values are taken out of headers",
    file: "src/secrets/inject/scrub-answer.ts",
    find: "const headers = scrubber.headers(head.headers);",
    replace: "const headers = [...head.headers];",
    ...{ project: "security", test: "test/security/credentials-in-answers.test.ts", named: "C6, C8: " },
  },
  {
    control: "answers: values are taken out of bodies",
    file: "src/secrets/inject/scrub-answer.ts",
    find: "const after = scrubber.whole(before, { keepsLength: !isText });",
    replace: "const after = before;",
    ...{ project: "security", test: "test/security/credentials-in-answers.test.ts", named: "C6, C8: " },
  },
  {
    control: "sealing: a value opens only where it belongs",
    file: "src/secrets/seal.ts",
    find: 'return Buffer.from(JSON.stringify(["berth", FORM, ...binding]));',
    replace: 'return Buffer.from(JSON.stringify(["berth", FORM, binding[0]]));',
    ...{ project: "unit", test: "src/secrets/seal.test.ts", named: "" },
  },
  {
    control: "seccomp: forbidden calls",
    file: "src/sandboxes/local/seccomp.ts",
    find: '...denied.map((value) => equal(value, "deny")),',
    replace: '...denied.map((value) => equal(value, "allow")),',
    ...{ project: "unit", test: "src/sandboxes/local/seccomp.test.ts", named: "seccomp filter on" },
  },
  {
    control: "seccomp: new namespaces by clone",
    file: "src/sandboxes/local/seccomp.ts",
    find: 'value: CLONE_FLAGS, whenTrue: "deny"',
    replace: 'value: CLONE_FLAGS, whenTrue: "allow"',
    ...{ project: "unit", test: "src/sandboxes/local/seccomp.test.ts", named: "seccomp filter on" },
  },
  {
    control: "API: the Host allow-list",
    file: "src/api/server.ts",
    find: "if (!hostIsAllowed(request.headers.host, allowedHosts)) {",
    replace: "if (request.headers.host === undefined) {",
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "B8, K12: " },
  },
  {
    control: "API: changes with a cookie come from our own pages",
    file: "src/api/authenticate.ts",
    find: "if (!SAFE_METHODS.has(request.method)) refuseOtherSites(request);",
    replace: "",
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "B4: " },
  },
  {
    control: "API: WebSockets come from our own pages",
    ...{ file: "src/api/channels.ts", find: "        refuseOtherOrigins(facts);\n", replace: "" },
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "B5: another site's WebSocket" },
  },
  {
    control: "API: answers can't be framed or sniffed",
    file: "src/api/server.ts",
    find: "for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);",
    replace: "",
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "B5, B6: " },
  },
  {
    control: "API: slow headers are cut off",
    ...{
      file: "src/api/server.ts",
      find: "const HEADERS_TIMEOUT_MS = 15_000;",
      replace: "const HEADERS_TIMEOUT_MS = 299_000;",
    },
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "R9: a hundred clients" },
  },
  {
    control: "API: revoked keys are refused",
    file: "src/db/teams.ts",
    find: "} and revoked_at is null`.execute(db);",
    replace: "}`.execute(db);",
    ...{ project: "long", test: "test/api/attacks.test.ts", named: "K1, K2: " },
  },
  {
    control: "API: bodies have a limit",
    ...{ file: "src/api/body.ts", find: "if (bytes > MAX_BODY_BYTES) throw tooLarge();", replace: "" },
    ...{ project: "api", test: "test/api/rules-of-every-request.test.ts", named: "large bodies" },
  },
  {
    control: "previews: a ticket opens once",
    file: "src/db/port-previews.ts",
    find: "delete from port_previews where secret_hash",
    replace: "update port_previews set kind = kind where secret_hash",
    ...{ project: "api", test: "test/api/port-previews.test.ts", named: "a link opens the app once" },
  },
  {
    control: "a copied disk has nothing of what its source ran",
    file: "src/sandboxes/local/clean-copy.ts",
    find: "find . -mindepth 1 -maxdepth 1 ! -name workspace ! -name home -exec rm -rf -- {} +\n",
    replace: "",
    ...{ project: "long", test: "src/sandboxes/local/seeds.integration.test.ts", named: "has them all, as its own" },
  },
  {
    control: "files: a directory that was opened is where its path had led to",
    file: "src/runner/place.ts",
    find: "if (!found.equals(path)) throw",
    replace: "if (found.length === 0) throw",
    project: "security",
    test: "test/security/sandbox-files.test.ts",
    named: "F2: a directory that is swapped for a link by renames",
  },
  {
    control: "files: a file is found where it is, not where its path leads",
    file: "src/runner/glob-worker.ts",
    find: 'isWithin(Buffer.from(root).toString("latin1"), real)',
    replace: "real",
    project: "security",
    test: "test/security/sandbox-files.test.ts",
    named: "F2: a directory that is swapped for a link by renames",
  },
  {
    control: "packages: no password of a mirror is given to a sandbox",
    file: "src/egress/package-settings.ts",
    find: 'value: value.replace(CREDENTIAL, "$1$2"),',
    replace: "value,",
    ...{ project: "unit", test: "src/egress/ask-package-tools.test.ts", named: "asks npm and pip" },
  },
  {
    control: "dashboard: no inline script",
    file: "src/app/csp.ts",
    find: "' 'strict-dynamic'",
    replace: "' 'unsafe-inline' 'strict-dynamic'",
    ...{ project: "unit", test: "src/app/csp.test.ts", named: "" },
  },
];

/** What is to be said of patches that do not fit exactly once into the source at `repository`. */
export function misfits(some: readonly Mutation[], repository: string): string[] {
  return some.flatMap(({ control, file, find, test, named }) => {
    const times = readFileSync(join(repository, file), "utf8").split(find).length - 1;
    if (times !== 1) return [`${control}: the patch fits ${times} times in ${file}: the source moved`];
    const tests = existsSync(join(repository, test)) ? readFileSync(join(repository, test), "utf8") : "";
    return tests.includes(named) && tests !== "" ? [] : [`${control}: ${test} has no "${named}"`];
  });
}
