// Which variables of a sandbox a credential may be called. Pure.
import { PlatformError } from "../lib/errors.ts";

/** Programs do what these say: as a placeholder they would break the sandbox, or lead around its limits. */
const TAKEN = [
  // Who and where a program is.
  "_|PATH|HOME|USER|LOGNAME|SHELL|SHLVL|PWD|OLDPWD|E?UID|PPID|TERM|LANG|LANGUAGE|LC_.*|TZ|TMP|TEMP|TMPDIR|HOSTNAME",
  // What every program loads as it starts.
  "LD_.*|DYLD_.*|GLIBC_.*|MALLOC_.*|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS",
  // What shells run or obey.
  "IFS|ENV|BASH.*|SHELLOPTS|PROMPT_COMMAND|PS[0-4]|CDPATH|GLOBIGNORE|EXECIGNORE|POSIXLY_CORRECT|TMOUT|HISTFILE|ZDOTDIR",
  // What interpreters run or obey.
  "NODE_(OPTIONS|PATH|EXTRA_CA_CERTS|USE_ENV_PROXY|USE_SYSTEM_CA|TLS_REJECT_UNAUTHORIZED)|PYTHON[A-Z]+|PERL(5?LIB|5OPT|5DB|IO)",
  "RUBY(LIB|OPT|PATH)|GEM_(HOME|PATH)|CLASSPATH|JAVA_HOME|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|LUA_(PATH|CPATH|INIT)|PHPRC|PHP_INI_SCAN_DIR",
  // What other programs run in their place.
  "EDITOR|VISUAL|PAGER|BROWSER|SSH_ASKPASS|SUDO_ASKPASS|RUSTC_(WORKSPACE_)?WRAPPER|MAKEFLAGS|GNUMAKEFLAGS|MAKEFILES",
  "GIT_(SSH.*|EXEC_PATH|CONFIG.*|SSL_.*|ASKPASS|PROXY_COMMAND|EXTERNAL_DIFF|(SEQUENCE_)?EDITOR|PAGER|DIR|WORK_TREE|TEMPLATE_DIR|TRACE.*)",
  // How a sandbox reaches the outside, and whom it trusts.
  ".*_CA_BUNDLE|SSL_CERT_.*|NIX_SSL_CERT_FILE|DENO_CERT|PIP_CERT|CARGO_HTTP_.*|CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE|OPENSSL_(CONF|ENGINES|MODULES)|SSLKEYLOGFILE",
  "(HTTPS?|ALL|NO|FTP)_PROXY|BERTH_.*",
];
const MEANS_SOMETHING = new RegExp(`^(${TAKEN.join("|")})$`, "i");

/** Throws `invalid_request`. */
export function checkEnvironmentName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new PlatformError(
      "invalid_request",
      "auth.secret_name: must be the name of an environment variable, such as GITHUB_TOKEN",
    );
  // `__proto__` and its like are no entries of a JavaScript object like others: they would be missing, or there for all.
  if (MEANS_SOMETHING.test(name) || name in {})
    throw new PlatformError(
      "invalid_request",
      `auth.secret_name: ${name} means something to the sandbox itself; choose another name`,
    );
}
