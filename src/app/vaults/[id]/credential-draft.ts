// The credential form's content, and how it becomes what the API takes. Pure.
import { hasBearerWord } from "../../../contract/bearer-word.ts";
import type {
  CreateCredentialInput,
  Credential,
  CredentialAuth,
  CredentialAuthInput,
  CredentialAuthUpdate,
  CredentialKind,
} from "../../../contract/credentials.ts";

/** What the form offers; in its order. OAuth is put in by programs: a token of it lives an hour. */
export const offeredKinds = ["environment_variable", "static_bearer", "basic", "header", "aws_sigv4"] as const;
export type OfferedKind = (typeof offeredKinds)[number];

type Texts = {
  kind: string;
  about: string;
  /** What names it, in requests or in the sandbox. */
  name: { label: string; placeholder: string } | null;
  value: string;
};
export const kindWords: Record<CredentialKind, Texts> = {
  environment_variable: {
    kind: "Variable",
    about: "Programs in the sandbox find a placeholder in a variable; requests to the hosts get the value instead.",
    name: { label: "Variable", placeholder: "GITHUB_TOKEN" },
    value: "Value",
  },
  static_bearer: {
    kind: "Bearer token",
    about: "Sent to one MCP server, in the Authorization header.",
    name: { label: "Address of the MCP server", placeholder: "https://mcp.example.com/sse" },
    value: "Token",
  },
  mcp_oauth: { kind: "OAuth", about: "Sent to one MCP server, and refreshed.", name: null, value: "Access token" },
  basic: {
    kind: "User and password",
    about: "Sent to the hosts in the Authorization header, as git over HTTPS needs it.",
    name: { label: "User", placeholder: "x-access-token" },
    value: "Password",
  },
  header: {
    kind: "Header",
    about: "Sent to the hosts in a header of that name.",
    name: { label: "Name of the header", placeholder: "X-Api-Key" },
    value: "Value of the header",
  },
  aws_sigv4: {
    kind: "AWS key",
    about: "Requests to the hosts are signed with it.",
    name: { label: "Id of the access key", placeholder: "AKIA…" },
    value: "Secret access key",
  },
};

export type CredentialDraft = {
  kind: OfferedKind;
  displayName: string;
  name: string;
  value: string;
  /** One a line. */
  hosts: string;
  anyHost: boolean;
  inBody: boolean;
  /** Empty: all. */
  methods: string;
  /** One a line; empty: all. */
  paths: string;
};

export const newCredentialDraft: CredentialDraft = {
  kind: "environment_variable",
  displayName: "",
  name: "",
  value: "",
  hosts: "",
  anyHost: false,
  inBody: false,
  methods: "",
  paths: "",
};

const MIN_VALUE_LENGTH = 8;

export type CredentialProblems = Partial<Record<"name" | "value" | "hosts" | "methods" | "paths", string>>;

/** Null when the draft can be sent; the server has the last word. */
export function findProblems(draft: CredentialDraft): CredentialProblems | null {
  const problems: CredentialProblems = {};
  const { name } = kindWords[draft.kind];
  if (name && draft.name.trim() === "") problems.name = `Fill it in, such as ${name.placeholder}.`;
  if (draft.kind === "environment_variable" && draft.name !== "" && !/^[A-Za-z_]\w*$/.test(draft.name.trim()))
    problems.name = "Letters, digits and underscores only, such as GITHUB_TOKEN.";
  const value = findValueProblem(draft.kind, draft.value);
  if (value !== null) problems.value = value;
  if (needsHosts(draft) && wordsOf(draft.hosts).length === 0) problems.hosts = "Name the hosts that it may be sent to.";
  if (hasHosts(draft.kind) && wordsOf(draft.methods).some((word) => !/^[A-Za-z-]+$/.test(word)))
    problems.methods = "Names of methods, such as GET, HEAD.";
  if (hasHosts(draft.kind) && wordsOf(draft.paths).some((word) => !word.startsWith("/")))
    problems.paths = "Each begins with a slash, as in /repos/acme.";
  return Object.keys(problems).length === 0 ? null : problems;
}

export function findValueProblem(kind: CredentialKind, value: string): string | null {
  if (value === "") return "Put in the value.";
  if ((kind === "static_bearer" || kind === "mcp_oauth") && hasBearerWord(value))
    return "Leave out the word Bearer: it is put before the token when it is sent.";
  if (/[\r\n]/.test(value)) return "It has a line break, which cannot be put into a request.";
  return value.length < MIN_VALUE_LENGTH ? `At least ${MIN_VALUE_LENGTH} characters.` : null;
}

export function hasHosts(kind: OfferedKind): boolean {
  return kind !== "static_bearer";
}

function needsHosts(draft: CredentialDraft): boolean {
  return hasHosts(draft.kind) && !(draft.kind === "environment_variable" && draft.anyHost);
}

/** Apart by commas, spaces or lines. */
function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

export function toNewInput(draft: CredentialDraft): CreateCredentialInput {
  const displayName = draft.displayName.trim();
  return { auth: toAuth(draft), ...(displayName === "" ? {} : { display_name: displayName }) };
}

function toAuth(draft: CredentialDraft): CredentialAuthInput {
  const { kind: type, value } = draft;
  const name = draft.name.trim();
  const networking = { type: "limited" as const, allowed_hosts: wordsOf(draft.hosts) };
  const [methods, prefixes] = [wordsOf(draft.methods), wordsOf(draft.paths)];
  const scope = {
    ...(methods.length > 0 && { allowed_methods: methods }),
    ...(prefixes.length > 0 && { allowed_path_prefixes: prefixes }),
  };
  switch (type) {
    case "environment_variable":
      return {
        type,
        secret_name: name,
        secret_value: value,
        networking: draft.anyHost ? { type: "unrestricted" } : networking,
        injection_location: { header: true, body: draft.inBody },
        ...scope,
      };
    case "static_bearer":
      return { type, token: value, mcp_server_url: name };
    case "basic":
      return { type, username: name, password: value, networking, ...scope };
    case "header":
      return { type, header_name: name, header_value: value, networking, ...scope };
    case "aws_sigv4":
      return { type, access_key_id: name, secret_access_key: value, networking, ...scope };
  }
}

/** With a refresh token of its own. */
export function canBeRenewed({ auth }: Pick<Credential, "auth">): boolean {
  return auth.type === "mcp_oauth" && auth.refresh !== null;
}

/** What takes the old one's place: of an OAuth credential one token, or two where it is renewed. */
export function newValueOf(credential: Pick<Credential, "auth">): "value" | "token" | "tokens" {
  if (credential.auth.type !== "mcp_oauth") return "value";
  return canBeRenewed(credential) ? "tokens" : "token";
}

/** `asksForTokens`: nothing else helps. */
export type CredentialState = {
  what: string;
  since: string | null;
  why: string | null;
  help: string;
  asksForTokens: boolean;
};

/** Null: nothing is known that would keep it from being used. */
export function stateOf(credential: Credential, now: number): CredentialState | null {
  const { auth, problem, problem_since: since, needs_authorization: final } = credential;
  const again = `Authorize it again at the service, then put in the new ${newValueOf(credential)}.`;
  if (problem !== null && final)
    return { what: "Needs to be authorized again", since, why: problem, help: again, asksForTokens: true };
  if (problem !== null) {
    const help = "It is tried again when it is needed.";
    return { what: "Could not be renewed", since, why: problem, help, asksForTokens: false };
  }
  const isOver = auth.type === "mcp_oauth" && auth.expires_at !== null && Date.parse(auth.expires_at) <= now;
  if (!isOver || canBeRenewed(credential)) return null;
  const help = `It has no refresh token. ${again}`;
  return { what: "Its token is over", since: auth.expires_at, why: null, help, asksForTokens: true };
}

/** A new value for what is there. `refreshToken`: empty: the one that is stored. */
export function toNewValue(
  { auth: { type } }: Credential,
  { value, refreshToken }: { value: string; refreshToken: string },
): CredentialAuthUpdate {
  switch (type) {
    case "environment_variable":
      return { type, secret_value: value };
    case "static_bearer":
      return { type, token: value };
    case "mcp_oauth":
      // When it ends is not asked: once its server refuses it, it is renewed.
      return {
        ...{ type, access_token: value, expires_at: null },
        ...(refreshToken === "" ? {} : { refresh: { refresh_token: refreshToken } }),
      };
    case "basic":
      return { type, password: value };
    case "header":
      return { type, header_value: value };
    case "aws_sigv4":
      return { type, secret_access_key: value };
  }
}

/** What a list calls it by. */
export function titleOf({ display_name, auth, id }: Credential): string {
  return display_name ?? nameIn(auth) ?? id;
}

/** Its own name: of a variable, a server, a user, a header, a key. */
export function nameIn(auth: CredentialAuth): string | null {
  switch (auth.type) {
    case "environment_variable":
      return auth.secret_name;
    case "static_bearer":
    case "mcp_oauth":
      return auth.mcp_server_url;
    case "basic":
      return auth.username || null;
    case "header":
      return auth.header_name;
    case "aws_sigv4":
      return auth.access_key_id;
  }
}

/** Which requests it may go into, in words. */
export function scopeWords(auth: CredentialAuth): string {
  if (!("networking" in auth)) return new URL(auth.mcp_server_url).host;
  const { networking, allowed_methods: methods, allowed_path_prefixes: prefixes } = auth;
  const hosts =
    networking.type === "unrestricted" ? "any host that its environment allows" : networking.allowed_hosts.join(", ");
  const paths = prefixes ? `; below ${prefixes.join(", ")}` : "";
  const only = methods ? `; ${methods.join(", ")} only` : "";
  return `${hosts}${paths}${only}`;
}
