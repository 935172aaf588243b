// How a route is declared: once, for the router and for the OpenAPI document. A handler gets checked input and answers an object.
import type { IncomingMessage, ServerResponse } from "node:http";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Sender } from "../contract/sender.ts";
import type { SignIn } from "../contract/sign-in.ts";
import type { Clock } from "../lib/clock.ts";
import type { PlatformError } from "../lib/errors.ts";
import type { Changes } from "../teams/idempotency.ts";
import type { PortPreviewGrantor } from "../teams/port-preview-access.ts";
import { chunksOf, readBody } from "./body.ts";
import { checkInput, parseJson, parseQueryString } from "./parse.ts";

export type Caller = {
  teamId: string;
  via: SignIn["via"];
  loggedInBy: SignIn["logged_in_by"];
  sender: Sender;
  /** What lets the caller in: what it opens for others ends with that. */
  grantor: PortPreviewGrantor;
};
export type ApiEnv = {
  Bindings: { incoming?: IncomingMessage; outgoing?: ServerResponse };
  Variables: { caller: Caller; requestId: string };
};
export type Api = OpenAPIHono<ApiEnv>;
export type ApiContext = Context<ApiEnv>;
/** An open transaction, as use cases take it. */
export type Transaction = Parameters<Parameters<Changes["run"]>[1]>[0];

export type Input<Body, Query> = {
  teamId: string;
  sender: Sender;
  grantor: PortPreviewGrantor;
  /** The name under which the caller found this server, with its port. */
  host: string | undefined;
  params: (name: string) => string;
  body: Body;
  query: Query;
};
type Declaration<Body extends z.ZodType, Query extends z.ZodObject> = {
  method: "get" | "post" | "delete";
  /** As in OpenAPI: `/v1/agents/{agent_id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  body?: Body;
  query?: Query;
  answer: z.ZodType;
  /** What may be stored of an answer for repeated requests. Absent: all of it. */
  toKeep?: (answer: object) => object;
  /** There is a secret in the body. */
  secretBody?: true;
};

export type RouteOptions = {
  changes: Changes;
  clock: Clock;
  /** Waiting can help: the database is away or busy. */
  expected: (error: unknown) => PlatformError;
};
export type Routes = ReturnType<typeof createRoutes>;

/** How long a request waits for a database that is away before it is answered 503. */
const PATIENCE_MS = 3_000;
const FIRST_PAUSE_MS = 50;

const noBody = z.strictObject({});
const noQuery = z.strictObject({});

export function createRoutes(options: RouteOptions) {
  const app: Api = new OpenAPIHono<ApiEnv>({ getPath: routedPath });

  /** Tries again while waiting helps; only for what may be done twice. */
  async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const deadline = options.clock.now() + PATIENCE_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      try {
        return await attempt();
      } catch (error) {
        const expected = options.expected(error);
        if (expected.code !== "unavailable" || options.clock.now() + pauseMs > deadline) throw error;
        await options.clock.sleep(pauseMs);
      }
    }
  }

  function declare(declaration: Declaration<z.ZodType, z.ZodObject>): {
    honoPath: string;
    listFields: ReadonlySet<string>;
  } {
    const { method, path, tag, summary, description, body, query, answer } = declaration;
    const params = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    app.openAPIRegistry.registerPath({
      method,
      path,
      tags: [tag],
      summary,
      ...(description ? { description } : {}),
      security: [{ apiKey: [] }, { bearer: [] }],
      request: {
        ...(params.length > 0
          ? { params: z.object(Object.fromEntries(params.map((name) => [name, z.string()]))) }
          : {}),
        ...(query ? { query } : {}),
        ...(body ? { body: { required: true, content: { "application/json": { schema: body } } } } : {}),
      },
      responses: {
        200: { description: "Done", content: { "application/json": { schema: answer } } },
        default: { description: "An error", content: { "application/json": { schema: errorBody } } },
      },
    });
    return { honoPath: path.replaceAll(/\{(\w+)\}/g, ":$1"), listFields: listFieldsOf(query) };
  }

  function inputOf<Body extends z.ZodType, Query extends z.ZodObject>(
    context: ApiContext,
    read: { body: Body; query: Query; bytes: Uint8Array; listFields: ReadonlySet<string> },
  ): Input<z.infer<Body>, z.infer<Query>> {
    const search = new URL(context.req.url).search;
    return {
      teamId: context.get("caller").teamId,
      sender: context.get("caller").sender,
      grantor: context.get("caller").grantor,
      host: context.req.header("host"),
      params: (name) => context.req.param(name) ?? "",
      body: checkInput(read.body, parseJson(read.bytes)),
      query: checkInput(read.query, parseQueryString(search, read.listFields)),
    };
  }

  return {
    app,

    /** A route that changes nothing. */
    read<Query extends z.ZodObject = typeof noQuery>(
      declaration: Declaration<typeof noBody, Query>,
      handle: (input: Input<unknown, z.infer<Query>>) => Promise<object>,
    ): void {
      const { honoPath, listFields } = declare(declaration);
      // Without a declared query nothing is read of it, so the default's type fits.
      const query = (declaration.query ?? noQuery) as Query;
      app.on(declaration.method, honoPath, async (context) => {
        const input = inputOf(context, { body: noBody, query, bytes: new Uint8Array(), listFields });
        return context.json(await patiently(() => handle(input)));
      });
    },

    /** A route that changes something: in one transaction, once per Idempotency-Key. */
    change<Body extends z.ZodType = typeof noBody>(
      declaration: Declaration<Body, typeof noQuery>,
      handle: (tx: Transaction, input: Input<z.infer<Body>, unknown>) => Promise<object>,
    ): void {
      const { honoPath, listFields } = declare(declaration);
      // Without a declared body only an empty one is accepted, and the default's type fits.
      const body = (declaration.body ?? noBody) as Body;
      app.on(declaration.method, honoPath, async (context) => {
        const bytes = await readBody({ headers: context.req.raw.headers, chunks: bodyOf(context) });
        const input = inputOf(context, { body, query: noQuery, bytes, listFields });
        const key = declaration.method === "post" ? context.req.header("idempotency-key") : undefined;
        const { teamId } = input;
        const secret = declaration.secretBody === true;
        const posted = { teamId, method: "POST", path: context.req.path, body: bytes, secret };
        // A secret is not stored, so an answer that holds one can't come again.
        const attempt = declaration.method === "post" && !declaration.toKeep ? attemptOf(context) : null;
        const counted = attempt === null ? null : { ...posted, attempt };
        const request = key === undefined ? counted : { ...posted, key };
        const run = () =>
          options.changes.run(request, async (tx) => {
            const answer = await handle(tx, input);
            return { status: 200, body: answer, ...(declaration.toKeep ? { kept: declaration.toKeep(answer) } : {}) };
          });
        // Without a key nobody knows whether a change whose commit was cut off was made, so it is not tried again.
        const answer = key === undefined ? await run() : await patiently(run);
        if (answer.sent) whenSent(context, answer.sent);
        if (answer.replayed) context.header("idempotent-replayed", "true");
        return context.json(answer.body as object, 200);
      });
    },
  };
}

/** The official SDKs count their attempts, from 0 on, and send no Idempotency-Key of their own. */
function attemptOf(context: ApiContext): number | null {
  const count = context.req.header("x-stainless-retry-count");
  return count !== undefined && /^\d{1,4}$/.test(count) ? Number(count) : null;
}

/** Once all of the answer was handed to the network. A connection that broke before that is one whose answer was not sent. */
function whenSent(context: ApiContext, act: () => Promise<void>): void {
  context.env?.outgoing?.once("finish", () => void act());
}

/** `/api/*` is another name of `/v1/*`. */
export function routedPath(request: Request): string {
  const { url } = request;
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.search(/[?#]/);
  const path = start < 0 ? "/" : url.slice(start, end < 0 ? undefined : end);
  return path.replace(/^\/api(?=\/|$)/, "/v1");
}

export function bodyOf(context: ApiContext): AsyncIterable<Uint8Array> | null {
  const incoming = context.env?.incoming;
  return incoming ? chunksOf(incoming) : context.req.raw.body;
}

function listFieldsOf(query: z.ZodObject | undefined): ReadonlySet<string> {
  const isList = (type: unknown): boolean =>
    type instanceof z.ZodArray || (type instanceof z.ZodOptional && isList(type.unwrap()));
  return new Set(Object.entries(query?.shape ?? {}).flatMap(([name, type]) => (isList(type) ? [name] : [])));
}

export const errorBody = z.object({
  type: z.literal("error"),
  error: z.object({ type: z.string(), message: z.string() }),
  request_id: z.string(),
});
