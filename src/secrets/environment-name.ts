// Which variables of a sandbox a credential may be called. Pure.
import { PlatformError } from "../lib/errors.ts";

/** Programs do what these say: as a placeholder they would break the sandbox, or lead around its limits. */
const TAKEN =
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|IFS|ENV|BASH_ENV|PS4|TERM|LANG|LC_.*|TZ|TMPDIR|LD_.*|DYLD_.*|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_USE_ENV_PROXY|PYTHON(PATH|HOME|STARTUP)|PERL5?(LIB|OPT)|RUBY(LIB|OPT)|JAVA_TOOL_OPTIONS|GIT_(SSH.*|EXEC_PATH|CONFIG.*|SSL_.*)|.*_CA_BUNDLE|SSL_CERT_.*|(HTTPS?|ALL|NO|FTP)_PROXY|BERTH_.*)$/i;

/** Throws `invalid_request`. */
export function checkEnvironmentName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new PlatformError(
      "invalid_request",
      "auth.secret_name: must be the name of an environment variable, such as GITHUB_TOKEN",
    );
  if (TAKEN.test(name))
    throw new PlatformError(
      "invalid_request",
      `auth.secret_name: ${name} means something to the sandbox itself; choose another name`,
    );
}
