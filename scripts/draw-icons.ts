// src/app/components/icons/icons.tsx, made from Lucide's drawings: only those that the dashboard shows.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import lucide from "@iconify-json/lucide/icons.json" with { type: "json" };

const dashboard = resolve(import.meta.dirname, "../src/app");
const IMPORT = /import \{([^}]*)\} from "[./\w-]*\/icons\.tsx"/g;
/** What the `<svg>` around them says for all. */
const SHARED = /\s(stroke|stroke-linecap|stroke-linejoin|stroke-width|fill)="(currentColor|round|2|none)"/g;

type Drawing = { body: string } | { parent: string };

/** The names that files of the dashboard import, sorted. */
export function usedIcons(): string[] {
  const files = readdirSync(dashboard, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  const names = files.flatMap((file) =>
    [...readFileSync(join(dashboard, file), "utf8").matchAll(IMPORT)].flatMap(([, clause = ""]) => clause.split(",")),
  );
  const found = names.map((name) => name.trim().split(/\s/)[0] ?? "").filter((name) => name !== "");
  return [...new Set(found)].sort();
}

/** Throws when Lucide has no drawing of that name. */
export function drawIcons(names: readonly string[]): string {
  const lines = names.map((name) => `export const ${name} = createIcon(<>${shapesOf(name)}</>);\n`);
  return `// Lucide's icons (https://lucide.dev, ISC licence: LICENSE beside this file). Made by \`npm run generate\` from what the dashboard imports.
import { createIcon } from "./create-icon.tsx";

${lines.join("")}`;
}

function shapesOf(name: string): string {
  const { body } = drawing(kebabCase(name));
  const shapes = body
    .replace(/^<g[^>]*>|<\/g>$/g, "")
    .replaceAll(SHARED, "")
    .replaceAll("/>", " />");
  // Anything else than plain shapes would need a look.
  const rest = shapes.replaceAll(/<(path|rect|circle|ellipse|line|polyline|polygon)( [a-z0-9]+="[^"{}<>]*")+ \/>/g, "");
  if (rest !== "") throw new Error(`The icon ${name} holds more than plain shapes: ${rest}`);
  return shapes;
}

function drawing(id: string): { body: string } {
  const icons: Record<string, Drawing> = { ...lucide.aliases, ...lucide.icons };
  const found = icons[id];
  if (!found) throw new Error(`Lucide has no icon ${id}.`);
  return "parent" in found ? drawing(found.parent) : found;
}

/** `Columns2` is `columns-2`. */
function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z0-9])/g, "-").toLowerCase();
}
