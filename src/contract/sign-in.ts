// Who is logged in, as `GET /auth/session` answers it. Ours, not part of the Managed Agents API.

/** How a browser logged in: by a one-time link (or before the key was kept), or with a key. */
export type LoggedInBy = { type: "link" } | { type: "api_key"; id: string; name: string };

export type SignIn = {
  team: { id: string; name: string };
  via: "api_key" | "browser";
  /** Of a browser; null for programs. */
  logged_in_by: LoggedInBy | null;
};
