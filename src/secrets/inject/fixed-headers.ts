// Kinds that put a header of their own into each request to their hosts: bearer, basic, header, a repository's token. Pure.
import type { StoredAuth } from "../../db/credentials.ts";
import type { Secret } from "../secret.ts";

type Secrets = Readonly<Record<string, Secret | undefined>>;
export type FixedHeader = { name: string; value: string };

/** Null: this kind puts in no header of its own, or its secret part is gone. */
export function fixedHeaderOf(auth: StoredAuth, secrets: Secrets): FixedHeader | null {
  switch (auth.type) {
    case "static_bearer":
      return bearer(secrets.token);
    case "mcp_oauth":
      return bearer(secrets.access_token);
    case "basic":
      return basic(auth.username, secrets.password);
    case "github_repository":
      // GitHub's name for who has a token; GitLab and Gitea take any.
      return basic("x-access-token", secrets.authorization_token);
    case "header":
      return secrets.header_value ? { name: auth.header_name, value: secrets.header_value.reveal() } : null;
    case "environment_variable":
    case "aws_sigv4":
      return null;
  }
}

function bearer(token: Secret | undefined): FixedHeader | null {
  return token ? { name: "Authorization", value: `Bearer ${token.reveal()}` } : null;
}

/** RFC 7617, in UTF-8. */
function basic(username: string, password: Secret | undefined): FixedHeader | null {
  if (!password) return null;
  return {
    name: "Authorization",
    value: `Basic ${Buffer.from(`${username}:${password.reveal()}`).toString("base64")}`,
  };
}
