// The API's reference as one self-contained page, rendered from the OpenAPI document. Pure.

type Schema = Record<string, unknown>;
type OpenApiDocument = { info: { title: string; version: string; description?: string }; paths?: object };

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid #8884}h3{font:600 15px ui-monospace,monospace;margin:1.5rem 0 .25rem}
.method{display:inline-block;min-width:4.5rem;text-transform:uppercase}p{margin:.25rem 0}ul{margin:.25rem 0;padding-left:1.2rem}
li{margin:.1rem 0}code{font:13px ui-monospace,monospace}summary{cursor:pointer}.type{opacity:.7}nav a{margin-right:1rem}`;

export function renderDocs(document: OpenApiDocument): { html: string; style: string } {
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(recordOf(methods))) {
      const facts = recordOf(operation);
      const tag = Array.isArray(facts.tags) ? String(facts.tags[0]) : "Other";
      byTag.set(tag, [...(byTag.get(tag) ?? []), renderOperation(method, path, facts)]);
    }
  }
  const sections = [...byTag].map(
    ([tag, operations]) => `<h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${operations.join("")}`,
  );
  const links = [...byTag.keys()].map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join("");
  const { title, version, description = "" } = document.info;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} API</title><style>${STYLE}</style></head><body><h1>${escapeHtml(title)} API ${escapeHtml(version)}</h1>
<p>${withCode(description)} The whole document: <a href="/openapi.json">/openapi.json</a>.</p><nav>${links}</nav>${sections.join("")}</body></html>`;
  return { html, style: STYLE };
}

function renderOperation(method: string, path: string, operation: Schema): string {
  const parameters = Array.isArray(operation.parameters) ? operation.parameters.map(recordOf) : [];
  const query = parameters.filter((parameter) => parameter.in === "query");
  const body = schemaOf(operation.requestBody);
  const answer = schemaOf(recordOf(operation.responses)["200"]);
  return [
    `<h3><span class="method">${escapeHtml(method)}</span>${escapeHtml(path)}</h3>`,
    `<p>${withCode(String(operation.summary ?? ""))}. ${withCode(String(operation.description ?? ""))}</p>`,
    query.length > 0
      ? `<details><summary>Query</summary><ul>${query.map((parameter) => renderField(String(parameter.name), recordOf(parameter.schema), parameter.required === true)).join("")}</ul></details>`
      : "",
    body ? `<details><summary>Body</summary>${renderSchema(body)}</details>` : "",
    answer ? `<details><summary>Answer</summary>${renderSchema(answer)}</details>` : "",
  ].join("");
}

function schemaOf(holder: unknown): Schema | null {
  const schema = recordOf(recordOf(recordOf(recordOf(holder).content)["application/json"])).schema;
  return schema === undefined ? null : recordOf(schema);
}

function renderSchema(schema: Schema): string {
  const options = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (options)
    return `<ul>${options.map((option) => `<li>${describe(recordOf(option))}${renderChildren(recordOf(option))}</li>`).join("")}</ul>`;
  return renderChildren(schema) || `<p class="type">${describe(schema)}</p>`;
}

function renderChildren(schema: Schema): string {
  const properties = Object.entries(recordOf(schema.properties));
  if (properties.length > 0) {
    const required = Array.isArray(schema.required) ? schema.required : [];
    return `<ul>${properties.map(([name, property]) => renderField(name, recordOf(property), required.includes(name))).join("")}</ul>`;
  }
  const items = recordOf(schema.items);
  return Object.keys(items).length > 0 ? renderChildrenOfOption(items) : "";
}

function renderChildrenOfOption(schema: Schema): string {
  return [schema.anyOf, schema.oneOf].some(Array.isArray) ? renderSchema(schema) : renderChildren(schema);
}

function renderField(name: string, schema: Schema, required: boolean): string {
  return `<li><code>${escapeHtml(name)}</code>${required ? "" : "?"} <span class="type">${describe(schema)}</span>${renderChildrenOfOption(schema)}</li>`;
}

function describe(schema: Schema): string {
  if (schema.const !== undefined) return escapeHtml(JSON.stringify(schema.const));
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => escapeHtml(JSON.stringify(value))).join(" | ");
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : String(schema.type ?? "");
  const limits = [
    typeof schema.maxLength === "number" ? `at most ${schema.maxLength} characters` : "",
    typeof schema.maxItems === "number" ? `at most ${schema.maxItems}` : "",
    typeof schema.maximum === "number" && schema.maximum < 1e6 ? `at most ${schema.maximum}` : "",
  ].filter(Boolean);
  return escapeHtml(
    [type === "array" ? `list of ${recordOf(schema.items).type ?? "objects"}` : type, ...limits]
      .filter(Boolean)
      .join(", "),
  );
}

function withCode(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

function recordOf(value: unknown): Schema {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
