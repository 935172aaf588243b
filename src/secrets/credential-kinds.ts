// The kinds of credentials: what of an input is shown, what is secret, what a change changes, and to which requests each would be put.
// Pure. A kind that is added gets its forms in contract/credentials.ts, and a row in each table here.
import { hasBearerWord } from "../contract/bearer-word.ts";
import type {
  CredentialAuth,
  CredentialAuthInput,
  CredentialAuthUpdate,
  CredentialKind,
  CredentialNetworking,
  InjectionLocation,
  OAuthRefresh,
  RequestScope,
} from "../contract/credentials.ts";
import { canonicalUrl } from "../contract/https-url.ts";
import { PlatformError } from "../lib/errors.ts";
import { parseCredentialHost } from "./credential-hosts.ts";
import { checkEnvironmentName } from "./environment-name.ts";
import { parseMethod, parsePathPrefix } from "./request-scope.ts";
import { Secret } from "./secret.ts";
import { secretProblem } from "./secret-value.ts";

type InputOf<K extends CredentialKind> = Extract<CredentialAuthInput, { type: K }>;
type UpdateOf<K extends CredentialKind> = Extract<CredentialAuthUpdate, { type: K }>;
type AuthOf<K extends CredentialKind> = Extract<CredentialAuth, { type: K }>;

/** Secret parts by name; null takes one away. What is absent stays. */
export type SecretFields = Readonly<Record<string, Secret | null>>;
export type CheckedAuth = { auth: CredentialAuth; secrets: SecretFields };

/** Of an input: absent stays, null is none. */
type ScopeInput = { [Field in keyof RequestScope]?: string[] | null | undefined };

type Kind<K extends CredentialKind> = {
  create(input: InputOf<K>, now: number): CheckedAuth;
  update(before: AuthOf<K>, input: UpdateOf<K>, now: number): CheckedAuth;
};

const kinds: { [K in CredentialKind]: Kind<K> } = {
  environment_variable: {
    create({ type, secret_name, secret_value, networking, injection_location, ...scope }) {
      checkEnvironmentName(secret_name);
      const location = toLocation({ header: true, body: false }, injection_location);
      return {
        auth: {
          ...{ type, secret_name, networking: checkNetworking(networking), injection_location: location },
          ...checkScope({}, scope),
        },
        secrets: { secret_value: checkSecret("secret_value", secret_value, location.header) },
      };
    },
    update(before, { secret_value, networking, injection_location, ...scope }) {
      const location = toLocation(before.injection_location, injection_location);
      // The stored value was checked for where it could go then, and is not opened here.
      if (location.header && !before.injection_location.header && secret_value == null)
        throw invalid("injection_location.header", "can be switched on together with a new secret_value only");
      return {
        auth: {
          ...before,
          networking: networking ? checkNetworking(networking) : before.networking,
          injection_location: location,
          ...checkScope(before, scope),
        },
        secrets: changed("secret_value", secret_value, location.header),
      };
    },
  },
  static_bearer: {
    create({ type, token, mcp_server_url }) {
      return {
        auth: { type, mcp_server_url: checkUrl("mcp_server_url", mcp_server_url) },
        secrets: { token: checkBearer("token", token) },
      };
    },
    update: (before, { token }) => ({ auth: before, secrets: changedBearer("token", token) }),
  },
  mcp_oauth: {
    create({ type, access_token, mcp_server_url, expires_at, refresh }, now) {
      const secrets: Record<string, Secret> = { access_token: checkBearer("access_token", access_token) };
      let shown: OAuthRefresh | null = null;
      if (refresh) {
        const { refresh_token, token_endpoint_auth: client, ...rest } = refresh;
        secrets.refresh_token = checkSecret("refresh.refresh_token", refresh_token, false);
        if (client.type !== "none")
          secrets.client_secret = checkSecret("refresh.token_endpoint_auth.client_secret", client.client_secret, false);
        shown = {
          client_id: rest.client_id,
          token_endpoint: checkUrl("refresh.token_endpoint", rest.token_endpoint),
          token_endpoint_auth: { type: client.type },
          resource: rest.resource || null,
          scope: rest.scope || null,
        };
      }
      return {
        auth: {
          type,
          mcp_server_url: checkUrl("mcp_server_url", mcp_server_url),
          expires_at: checkExpiry(expires_at, now),
          refresh: shown,
        },
        secrets,
      };
    },
    update(before, { access_token, expires_at, refresh }, now) {
      const secrets: Record<string, Secret | null> = changedBearer("access_token", access_token);
      let shown = before.refresh;
      if (refresh) {
        if (!shown) throw invalid("refresh", "this credential was made without one; make a new credential with it");
        const client = refresh.token_endpoint_auth;
        if (client && shown.token_endpoint_auth.type === "none")
          throw invalid("refresh.token_endpoint_auth", "this credential was made with none, which cannot be changed");
        Object.assign(secrets, changed("refresh_token", refresh.refresh_token, false, "refresh."));
        Object.assign(secrets, changed("client_secret", client?.client_secret, false, "refresh.token_endpoint_auth."));
        if (refresh.scope != null) shown = { ...shown, scope: refresh.scope || null };
      }
      const expires = expires_at === undefined ? before.expires_at : checkExpiry(expires_at, now);
      return { auth: { ...before, expires_at: expires, refresh: shown }, secrets };
    },
  },
  basic: {
    create: ({ type, username, password, networking, ...scope }) => ({
      auth: { type, username, networking: checkLimited(networking), ...checkScope({}, scope) },
      secrets: { password: checkSecret("password", password, false) },
    }),
    update: (before, { username, password, networking, ...scope }) => ({
      auth: {
        ...before,
        username: username ?? before.username,
        networking: networking ? checkLimited(networking) : before.networking,
        ...checkScope(before, scope),
      },
      secrets: changed("password", password, false),
    }),
  },
  header: {
    create({ type, header_name, header_value, networking, ...scope }) {
      if (
        /^(host|content-length|transfer-encoding|connection|upgrade|te|trailer|expect|keep-alive|proxy-.*)$/i.test(
          header_name,
        )
      )
        throw invalid("header_name", `${header_name} is part of how a request travels, and cannot be set`);
      return {
        auth: { type, header_name, networking: checkLimited(networking), ...checkScope({}, scope) },
        secrets: { header_value: checkSecret("header_value", header_value, true) },
      };
    },
    update: (before, { header_value, networking, ...scope }) => ({
      auth: {
        ...before,
        networking: networking ? checkLimited(networking) : before.networking,
        ...checkScope(before, scope),
      },
      secrets: changed("header_value", header_value, true),
    }),
  },
  aws_sigv4: {
    create({ type, access_key_id, secret_access_key, session_token, region, service, networking, ...scope }) {
      return {
        auth: {
          type,
          access_key_id,
          region: region ?? null,
          service: service ?? null,
          networking: checkLimited(networking),
          ...checkScope({}, scope),
        },
        secrets: {
          secret_access_key: checkSecret("secret_access_key", secret_access_key, false),
          ...changed("session_token", session_token, true),
        },
      };
    },
    update: (before, { access_key_id, secret_access_key, session_token, region, service, networking, ...scope }) => ({
      auth: {
        ...before,
        access_key_id: access_key_id ?? before.access_key_id,
        region: region === undefined ? before.region : region,
        service: service === undefined ? before.service : service,
        networking: networking ? checkLimited(networking) : before.networking,
        ...checkScope(before, scope),
      },
      secrets: {
        ...changed("secret_access_key", secret_access_key, false),
        ...(session_token === null ? { session_token: null } : changed("session_token", session_token, true)),
      },
    }),
  },
};

/** Throws `invalid_request` for what no request could carry. `now`: milliseconds. */
export function checkNewAuth(input: CredentialAuthInput, now: number): CheckedAuth {
  // The table has a row of its type for each kind; which one is not known here.
  return (kinds[input.type] as Kind<CredentialKind>).create(input, now);
}

/** Throws `invalid_request`; a credential stays of its kind. */
export function checkAuthUpdate(before: CredentialAuth, input: CredentialAuthUpdate, now: number): CheckedAuth {
  if (input.type !== before.type)
    throw invalid("type", `this credential is of type ${before.type}, which cannot be changed`);
  return (kinds[before.type] as Kind<CredentialKind>).update(before, input, now);
}

function invalid(path: string, problem: string): PlatformError {
  return new PlatformError("invalid_request", `auth.${path}: ${problem}`);
}

function checkSecret(path: string, value: string, inHeader: boolean): Secret {
  const problem = secretProblem(value, { inHeader });
  if (problem) throw invalid(path, problem);
  return new Secret(value);
}

function checkBearer(path: string, token: string): Secret {
  if (hasBearerWord(token))
    throw invalid(path, "leave out the word Bearer: it is put before the token when it is sent");
  return checkSecret(path, token, true);
}

function changedBearer(field: string, token: string | null | undefined): Record<string, Secret> {
  return token == null ? {} : { [field]: checkBearer(field, token) };
}

function changed(
  field: string,
  value: string | null | undefined,
  inHeader: boolean,
  prefix = "",
): Record<string, Secret> {
  return value == null ? {} : { [field]: checkSecret(prefix + field, value, inHeader) };
}

function toLocation(
  before: InjectionLocation,
  input: { header?: boolean | undefined; body?: boolean | undefined } | undefined,
): InjectionLocation {
  const location = { header: input?.header ?? before.header, body: input?.body ?? before.body };
  if (!location.header && !location.body)
    throw invalid("injection_location", "at least one of header and body has to be true");
  return location;
}

function checkNetworking(networking: CredentialNetworking): CredentialNetworking {
  return networking.type === "unrestricted" ? networking : checkLimited(networking);
}

function checkLimited<N extends { allowed_hosts: string[] }>(networking: N): N {
  return {
    ...networking,
    allowed_hosts: checkEach("networking.allowed_hosts", networking.allowed_hosts, parseCredentialHost),
  };
}

/** What is absent stays; null: for all. */
function checkScope(
  before: RequestScope,
  { allowed_methods: methods, allowed_path_prefixes: prefixes }: ScopeInput,
): Required<RequestScope> {
  return {
    allowed_methods: methods
      ? checkEach("allowed_methods", methods, parseMethod)
      : keep(before.allowed_methods, methods),
    allowed_path_prefixes: prefixes
      ? checkEach("allowed_path_prefixes", prefixes, parsePathPrefix)
      : keep(before.allowed_path_prefixes, prefixes),
  };
}

function keep(before: string[] | null | undefined, input: null | undefined): string[] | null {
  return input === null ? null : (before ?? null);
}

/** In one form, each once. */
function checkEach(path: string, texts: readonly string[], parse: typeof parseMethod): string[] {
  const checked = texts.map((text, index) => {
    const one = parse(text);
    if ("problem" in one) throw invalid(`${path}.${index}`, one.problem);
    return one.value;
  });
  return [...new Set(checked)];
}

function checkUrl(path: string, text: string): string {
  const checked = canonicalUrl(text);
  if ("problem" in checked) throw invalid(path, checked.problem);
  return checked.url;
}

function checkExpiry(text: string | null | undefined, now: number): string | null {
  if (text == null) return null;
  const at = Date.parse(text);
  if (at <= now) throw invalid("expires_at", "must be in the future");
  return new Date(at).toISOString();
}
