// docs/configuration.md and .env.example, made from the table of settings.
import { SANDBOX_ENV_PREFIX, settings } from "./settings.ts";

export function configurationPage(): { page: string; example: string } {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const fallback =
      setting.fallbackText.includes("`") || setting.fallbackText.includes(" ") || setting.fallbackText === "–"
        ? setting.fallbackText
        : `\`${setting.fallbackText}\``;
    return `| \`${name}\` | ${fallback} | ${setting.about} |`;
  });
  const page = `# Configuration

Which settings are there? These environment variables, and nothing else. A file \`.env\` in the working directory is read too; the real environment wins.
A value that is wrong ends the start with the variable, the problem and an example. (Made by \`npm run generate\`.)

| variable | default | what it does |
|---|---|---|
${rows.join("\n")}
| \`${SANDBOX_ENV_PREFIX}*\` | – | Put into the environment of every sandbox without the prefix: \`${SANDBOX_ENV_PREFIX}TZ=Europe/Vienna\` becomes \`TZ\`. For configuration, **not for secrets**: agents can read it. |
`;
  const lines = Object.entries(settings).map(
    ([name, setting]) => `# ${setting.about}\n# ${name}=${setting.secret ? "" : setting.example}\n`,
  );
  const example = `# Copy to .env and uncomment what you need. All settings: docs/configuration.md\n\n${lines.join("\n")}\n# Put into every sandbox as TZ. Configuration only, no secrets.\n# ${SANDBOX_ENV_PREFIX}TZ=Europe/Vienna\n`;
  return { page, example };
}
