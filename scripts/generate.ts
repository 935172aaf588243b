// `npm run generate`: writes what is derived from the code: docs/configuration.md, .env.example, docs/security.md and the dashboard's icons. Unit tests compare.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { configurationPage } from "../src/bin/configuration-page.ts";
import { attackPage, namedTests } from "./attack-page.ts";
import { drawIcons, usedIcons } from "./draw-icons.ts";

const repository = resolve(import.meta.dirname, "..");
const { page, example } = configurationPage();
writeFileSync(resolve(repository, "docs/configuration.md"), page);
writeFileSync(resolve(repository, ".env.example"), example);
writeFileSync(resolve(repository, "docs/security.md"), attackPage(namedTests()));
writeFileSync(resolve(repository, "src/app/components/icons/icons.tsx"), drawIcons(usedIcons()));
