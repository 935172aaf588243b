// `npm run generate`: writes what is derived from the code: docs/configuration.md and .env.example. A unit test compares.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { configurationPage } from "../src/bin/configuration-page.ts";

const repository = resolve(import.meta.dirname, "..");
const { page, example } = configurationPage();
writeFileSync(resolve(repository, "docs/configuration.md"), page);
writeFileSync(resolve(repository, ".env.example"), example);
