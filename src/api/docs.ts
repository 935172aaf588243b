// `/openapi.json`: the generated document. `/docs`: the same as a page that loads nothing from anywhere.
import { createHash } from "node:crypto";
import { renderDocs } from "./docs-page.ts";
import type { Api } from "./route.ts";

export function docsRoutes(app: Api, { version }: { version: string }): void {
  let document: ReturnType<typeof createDocument> | null = null;
  const getDocument = () => {
    document ??= createDocument(app, version);
    return document;
  };
  app.get("/openapi.json", (context) => context.json(getDocument()));
  app.get("/docs", (context) => {
    const { html, style } = renderDocs(getDocument());
    const styleHash = createHash("sha256").update(style).digest("base64");
    context.header(
      "content-security-policy",
      `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'`,
    );
    return context.html(html);
  });
}

function createDocument(app: Api, version: string) {
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Berth",
      version,
      description:
        "The Managed Agents API, self-hosted. `/api/*` is another name of `/v1/*`. POSTs take an `Idempotency-Key` header: a repeated one gets the first answer again.",
    },
  });
}
