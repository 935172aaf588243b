// Which modules a TypeScript file imports: static, re-exported, dynamic, and for types alone.

export type FoundImport = { name: string; typeOnly: boolean };

/** import … from "x" · export … from "x" · import "x" */
const STATIC = /(?:^|[;}\s])(import|export)\s+(type\s+)?((?:[\w*{}\s,$]|\/\*.*?\*\/)*?\s*from\s*)?(["'])([^"'\n]+)\4/g;
/** import("x") and require("x"), the type position import("x").T included */
const DYNAMIC = /\b(?:import|require)\s*\(\s*(["'`])([^"'`\n]+)\1\s*[,)]/g;

/** Good for formatted code: Biome runs before. Text in comments and in templates that looks like an import is not taken for one. */
export function findImports(text: string): FoundImport[] {
  const code = blankComments(text);
  const found: FoundImport[] = [];
  for (const match of code.matchAll(STATIC)) {
    const [, keyword, type, clause, , name] = match;
    if (name === undefined || (keyword === "export" && !clause)) continue;
    found.push({ name, typeOnly: type !== undefined || onlyTypeNames(clause ?? "") });
  }
  for (const match of code.matchAll(DYNAMIC))
    if (match[2] !== undefined) found.push({ name: match[2], typeOnly: false });
  return found;
}

/** `{ type A, type B }`: every name is a type. */
function onlyTypeNames(clause: string): boolean {
  const braces = /^\s*\{([^}]*)\}\s*from\s*$/.exec(clause)?.[1];
  if (braces === undefined) return false;
  const names = braces
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  return names.length > 0 && names.every((name) => name.startsWith("type "));
}

/** Comments and template literals become spaces; strings stay, and what is inside them opens no comment. */
function blankComments(text: string): string {
  const TOKEN = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(TOKEN, (token) => {
    if (token.startsWith('"') || token.startsWith("'")) return token;
    // A template that is a whole module name in import(`x`) is one line without spaces.
    if (token.startsWith("`") && /^`[\w@./-]+`$/.test(token)) return token;
    return token.replace(/[^\n]/g, " ");
  });
}
