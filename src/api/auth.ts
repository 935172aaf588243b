// `/auth`: a browser logs in with a one-time token or a key, asks who it is, and logs out.
import { Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import type { SignIn } from "../contract/sign-in.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Access } from "../teams/access.ts";
import { BROWSER_SESSION_LIFETIME_S } from "../teams/login.ts";
import {
  authenticate,
  isHttps,
  type RequestFacts,
  refuseOtherSites,
  SECURE_SESSION_COOKIE,
  SESSION_COOKIE,
  sessionSecretOf,
} from "./authenticate.ts";
import { chunksOf, readBody } from "./body.ts";
import { checkInput, parseJson } from "./parse.ts";
import type { ApiContext, ApiEnv } from "./route.ts";

const loginInput = z.union([
  z.strictObject({ token: z.string().min(1).max(200) }),
  z.strictObject({ api_key: z.string().min(1).max(500) }),
]);

export function authRoutes({ access }: { access: Access }) {
  return new Hono<ApiEnv>()
    .post("/login", async (context) => {
      refuseOtherSites(factsOf(context));
      const incoming = context.env?.incoming;
      const chunks = incoming ? chunksOf(incoming) : context.req.raw.body;
      const input = checkInput(loginInput, parseJson(await readBody({ headers: context.req.raw.headers, chunks })));
      const facts = factsOf(context);
      const secret = await access.logIn("token" in input ? input : { apiKey: input.api_key }, facts.address);
      if (secret === null)
        throw new PlatformError(
          "authentication_failed",
          "token" in input
            ? "This login link was used already or is too old. `npx berth login` prints another."
            : "The API key is not known or was revoked.",
        );
      // Who had this browser's session before has none any more.
      const before = sessionSecretOf(facts);
      if (before !== undefined) await access.logOut(before);
      const secure = isHttps(facts.header);
      setCookie(context, secure ? SECURE_SESSION_COOKIE : SESSION_COOKIE, secret, {
        httpOnly: true,
        sameSite: "Strict",
        path: "/",
        secure,
        maxAge: BROWSER_SESSION_LIFETIME_S,
      });
      return context.body(null, 204);
    })
    .post("/logout", async (context) => {
      const facts = factsOf(context);
      refuseOtherSites(facts);
      const secret = sessionSecretOf(facts);
      if (secret !== undefined) await access.logOut(secret);
      const secure = isHttps(facts.header);
      deleteCookie(context, secure ? SECURE_SESSION_COOKIE : SESSION_COOKIE, { path: "/", secure });
      return context.body(null, 204);
    })
    .get("/session", async (context) => {
      const { teamId, via, loggedInBy } = await authenticate(access, factsOf(context));
      const { id, name } = await access.getTeam(teamId);
      const signIn: SignIn = { team: { id, name }, via, logged_in_by: loggedInBy };
      return context.json(signIn);
    });
}

export function factsOf(context: ApiContext): RequestFacts {
  const address = context.env?.incoming?.socket?.remoteAddress;
  return { method: context.req.method, header: (name) => context.req.header(name), address };
}
