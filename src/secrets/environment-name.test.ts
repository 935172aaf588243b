import { expect, test } from "vitest";
import { egressEnv } from "../runner/egress-env.ts";
import { checkEnvironmentName } from "./environment-name.ts";

const taken = /^auth\.secret_name: .* means something to the sandbox itself; choose another name$/;

test.each([
  ...["LD_PRELOAD", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "GCONV_PATH", "PATH", "HOME", "IFS", "TMPDIR", "UID", "_"],
  ...["BASH_ENV", "BASHOPTS", "SHELLOPTS", "ENV", "PROMPT_COMMAND", "PS0", "PS1", "PS4", "CDPATH", "TMOUT"],
  ...["NODE_OPTIONS", "NODE_PATH", "NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS"],
  ...["PERL5OPT", "PERL5DB", "RUBYOPT", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"],
  ...["EDITOR", "PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "SSH_ASKPASS"],
  ...["OPENSSL_CONF", "SSLKEYLOGFILE", "BERTH_API_KEY", "http_proxy", "ld_preload"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"],
])("%s is refused", (name) => {
  expect(() => checkEnvironmentName(name)).toThrow(taken);
});

test("what a sandbox is told about its network is refused, each of it", () => {
  const names = Object.keys(egressEnv());
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(() => checkEnvironmentName(name), name).toThrow(taken);
});

test.each([
  ...["GITHUB_TOKEN", "GH_TOKEN", "GIT_TOKEN", "NPM_TOKEN", "NODE_AUTH_TOKEN", "CARGO_REGISTRY_TOKEN", "PIP_INDEX_URL"],
  ...[
    "GOOGLE_API_KEY",
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "PGPASSWORD",
    "PYTHON_TOKEN",
    "PERL_KEY",
    "JAVA_TOKEN",
  ],
  ...["GEM_HOST_API_KEY", "BUNDLE_RUBYGEMS__ORG", "USER_TOKEN", "ENVIRONMENT_KEY", "_token", "PHP_KEY", "SUID_KEY"],
])("%s is a name like any other", (name) => {
  expect(() => checkEnvironmentName(name)).not.toThrow();
});

test.each(["", "A-B", "1A", "A B", "A=B", "A\n", "BASH_FUNC_ls%%", "Ä", "A\0"])("%j is no name", (name) => {
  expect(() => checkEnvironmentName(name)).toThrow(/must be the name of an environment variable/);
});
