// What went wrong in a session, as a headline, where it says more than that something did. Pure.

const TITLES: Readonly<Record<string, string>> = {
  repository_authentication_error: "Repository not cloned: its token is not taken",
  repository_checkout_error: "Repository not cloned: nothing to check out",
  repository_clone_error: "Repository not cloned",
  repository_forbidden_error: "Repository not cloned: it may not be read",
  repository_not_found_error: "Repository not cloned: it is not found",
  mcp_authentication_failed_error: "Credential could not be used",
  mcp_connection_failed_error: "MCP server not reached",
  model_overloaded_error: "The model is overloaded",
  model_rate_limited_error: "The model takes no more requests now",
  model_request_failed_error: "The model could not be asked",
};

/**
 * The headline of a `session.error`; null where its type says no more than its message. The API has no type of its own for
 * packages that could not be installed: what tells them is the environment that they belong to. Nor for tools of an MCP server
 * that are too many: they are told by the server.
 */
export function errorTitle(error: {
  type: string | null;
  environmentId: string | null;
  mcpServerName: string | null;
}): string | null {
  if (error.environmentId !== null) return "Packages not installed";
  if (error.type === "unknown_error" && error.mcpServerName !== null) return "Tools of an MCP server left out";
  return error.type !== null && Object.hasOwn(TITLES, error.type) ? (TITLES[error.type] ?? null) : null;
}

/** Where it is mended, for somebody without the dashboard; null: the message says all. */
export function mendingWords(error: { environment_id?: string; vault_id?: string }): string | null {
  if (error.environment_id) return `The list of packages is in the environment ${error.environment_id}.`;
  return error.vault_id ? `The credential is in the vault ${error.vault_id}.` : null;
}
