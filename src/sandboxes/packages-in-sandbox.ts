// How each package manager installs below one directory, and how programs find what it put there without being told. Pure.
import type { PackageSetting } from "../egress/link-protocol.ts";
import { SANDBOX_PATH } from "../runner/protocol.ts";
import type { PackageLists } from "./sandbox.ts";

export const PACKAGES_DIR = "/opt/packages";
export const NODE_MODULES_DIR = `${PACKAGES_DIR}/npm/lib/node_modules`;

/** What the shell says of a package manager that is not there. */
export const ABSENT_EXIT_CODE = 127;

type Manager = {
  /** Succeeds when the manager is there. */
  present: string;
  /** `packages`: quoted, with a space between. */
  install: (packages: string, each: readonly string[], options: string) => string;
  /** What makes it ask whom this machine's own asks: variables, or options of the command. */
  settings: (settings: readonly Setting[]) => { variables?: Record<string, string>; options?: readonly string[] };
};
type Setting = Pick<PackageSetting, "name" | "value">;

const PIP = "python3 -m pip --disable-pip-version-check --no-input --no-cache-dir";

/** In the order in which they are asked: quick ones first, what has to be compiled last. */
const MANAGERS: Readonly<Record<string, Manager>> = {
  pip: {
    present: "python3 -m pip --version",
    install: (packages) =>
      `${PIP} install --progress-bar off --no-warn-script-location --target ${PACKAGES_DIR}/pip -- ${packages}`,
    settings(settings) {
      const valuesOf = (name: string) => settings.filter((one) => one.name === name).map(({ value }) => value);
      // It takes none without TLS unless it is told to; who may be asked without is the broker's to say.
      const plain = settings.flatMap(({ value }) => /^http:\/\/([^/:?#]+)/.exec(value)?.[1] ?? []);
      const variables = {
        PIP_INDEX_URL: valuesOf("index-url"),
        PIP_EXTRA_INDEX_URL: valuesOf("extra-index-url"),
        PIP_TRUSTED_HOST: plain,
      };
      const set = Object.entries(variables).filter(([, values]) => values.length > 0);
      return { variables: Object.fromEntries(set.map(([name, values]) => [name, values.join(" ")])) };
    },
  },
  npm: {
    present: "npm --version",
    install: (packages, _, options) =>
      `npm install --global --prefix ${PACKAGES_DIR}/npm --no-audit --no-fund --no-update-notifier ${options} -- ${packages}`,
    settings: (settings) => ({ options: settings.map(({ name, value }) => `--${name}=${value}`) }),
  },
  gem: {
    present: "gem --version",
    install: (packages, _, options) =>
      `gem install --no-document ${options} --install-dir ${PACKAGES_DIR}/gem --bindir ${PACKAGES_DIR}/gem/bin ${packages}`,
    settings: (settings) => ({
      options: settings.flatMap(({ value }, index) => [...(index === 0 ? ["--clear-sources"] : []), "--source", value]),
    }),
  },
  go: {
    present: "go version",
    // Several at once must be of one module; without a version it takes no package outside of one.
    install: (_, each) =>
      each
        .map((name) => (name.includes("@") ? name : `${name}@latest`))
        .map((name) => `GOBIN=${PACKAGES_DIR}/go/bin GOPATH="$HOME/go" GOFLAGS=-modcacherw go install ${quote(name)}`)
        .join(" && "),
    settings: (settings) => ({ variables: Object.fromEntries(settings.map(({ name, value }) => [name, value])) }),
  },
  cargo: {
    present: "cargo --version",
    install: (packages, _, options) =>
      `CARGO_HOME="$HOME/.cargo" cargo install ${options} --root ${PACKAGES_DIR}/cargo -- ${packages}`,
    settings: (settings) => ({
      options: settings.flatMap(({ value }) => [
        ...["--config", 'source.crates-io.replace-with="mirror"'],
        ...["--config", `source.mirror.registry=${JSON.stringify(value)}`],
      ]),
    }),
  },
};

/** `passwordFor`: a host that is asked with what no sandbox is given: the step must not be run. */
export type InstallStep = { manager: string; packages: string[]; command: string; passwordFor: string | null };

/** What is to be run, one after the other; each step ends with what it exits with. */
export function installSteps(lists: PackageLists, allSettings: readonly PackageSetting[] = []): InstallStep[] {
  return Object.entries(MANAGERS).flatMap(([manager, { present, install, settings }]) => {
    const packages = normalized(lists[manager] ?? []);
    if (packages.length === 0) return [];
    const own = allSettings.filter(({ tool }) => tool === manager);
    const { variables = {}, options = [] } = settings(own);
    const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}; `);
    const work = exports.join("") + install(packages.map(quote).join(" "), packages, options.map(quote).join(" "));
    const passwordFor = own.find((one) => one.passwordFor !== null)?.passwordFor ?? null;
    // Builds need more room than there is in memory.
    const setUp = `export TMPDIR="$HOME/tmp" PATH="$PATH:/usr/local/go/bin" && mkdir -p "$TMPDIR"`;
    // In a shell of its own: the runner's must not take up what it sets.
    const script = `${setUp}; ${present} >/dev/null 2>&1 || exit ${ABSENT_EXIT_CODE}; { ${work}; } </dev/null`;
    return [{ manager, packages, command: `/bin/bash -c ${quote(script)}`, passwordFor }];
  });
}

/** Another user id reads them. What a package's own installation did to its permissions does not count. */
export const FINISH_COMMAND = `chmod -R a+rX,go-w ${PACKAGES_DIR}`;

export function isEmptySet(lists: PackageLists): boolean {
  return Object.values(lists).every((packages) => packages.length === 0);
}

/** Order and repetition make no other set. */
export function normalized(packages: readonly string[]): string[] {
  return [...new Set(packages)].sort();
}

/** The variables of a sandbox that has packages: `env`, and where programs look. What `env` says itself comes after, but for PATH, which it extends. */
export function withPackages(env: Readonly<Record<string, string>>): Record<string, string> {
  const directories = ["pip/bin", "npm/bin", "gem/bin", "go/bin", "cargo/bin"].map((name) => `${PACKAGES_DIR}/${name}`);
  const before = (own: string, name: string) => [own, ...(env[name] ? [env[name]] : [])].join(":");
  return {
    ...env,
    PATH: [...directories, env.PATH ?? SANDBOX_PATH].join(":"),
    PYTHONPATH: before(`${PACKAGES_DIR}/pip`, "PYTHONPATH"),
    NODE_PATH: before(NODE_MODULES_DIR, "NODE_PATH"),
    GEM_PATH: before(`${PACKAGES_DIR}/gem`, "GEM_PATH"),
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
