// Lets Node run our TypeScript where Berth is installed as a package: by itself it strips no types below node_modules.
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url).href;

registerHooks({
  load(url, context, nextLoad) {
    const ours = url.startsWith(root) && url.endsWith(".ts") && !url.slice(root.length).includes("node_modules/");
    if (!ours) return nextLoad(url, context);
    return {
      format: "module",
      source: stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8")),
      shortCircuit: true,
    };
  },
});
