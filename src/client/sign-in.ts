// `/auth`: the browser's way in. Programs use an API key instead.
import type { SignIn } from "../contract/sign-in.ts";
import type { Transport } from "./transport.ts";

export function createSignInClient(transport: Transport) {
  return {
    /** Throws 401 when nobody is logged in. */
    get: (signal?: AbortSignal) => transport.json<SignIn>("GET", "/auth/session", signal ? { signal } : {}),
    /** A login link's token works once. */
    withToken: (token: string) => transport.json<void>("POST", "/auth/login", { body: { token } }),
    withApiKey: (apiKey: string) => transport.json<void>("POST", "/auth/login", { body: { api_key: apiKey } }),
    end: () => transport.json<void>("POST", "/auth/logout"),
  };
}
