// Javas that keep what they trust in a file of their own below /usr: their sandboxes see that directory with a link in its place.
import { cpSync, mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { EGRESS_DIR, JAVA_CERTIFICATES_FILE } from "../../runner/protocol.ts";
import { JAVA_CERTIFICATE_FILES } from "./system-files.ts";

/** Where systems put Javas, one directory each. */
const PARENTS = ["lib/jvm", "lib64/jvm", "java", "local", "local/lib/jvm"];
/** The second is of Java 8. */
const SECURITY_DIRECTORIES = ["lib/security", "jre/lib/security"];

/** `path`: as a sandbox sees it · `directory`: what is mounted there. */
export type JavaSecurityDirectory = { path: string; directory: string };

/** Writes them anew below `directory`. Those whose file is a link into /etc need none: that is our own. `systemDir`: /usr. */
export function writeJavaSecurityDirectories(directory: string, systemDir = "/usr"): JavaSecurityDirectory[] {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const paths = new Set(
    PARENTS.map((parent) => join(systemDir, parent)).flatMap((parent) =>
      namesIn(parent).flatMap((name) => SECURITY_DIRECTORIES.flatMap((below) => ownFileIn(join(parent, name, below)))),
    ),
  );
  return [...paths]
    .filter((path) => path.startsWith(`${systemDir}/`))
    .map((path, index) => {
      const copy = join(directory, String(index));
      cpSync(path, copy, { recursive: true, verbatimSymlinks: true });
      // The first is asked before the other, where there is one.
      rmSync(join(copy, "jssecacerts"), { force: true });
      rmSync(join(copy, "cacerts"), { force: true });
      symlinkSync(`${EGRESS_DIR}/${JAVA_CERTIFICATES_FILE}`, join(copy, "cacerts"));
      return { path, directory: copy };
    });
}

function namesIn(directory: string): string[] {
  return unlessAbsent(() => readdirSync(directory)) ?? [];
}

/** Its true path, or none. */
function ownFileIn(directory: string): string[] {
  const path = unlessAbsent(() => realpathSync(directory));
  if (path === null) return [];
  const names = namesIn(path);
  if (!names.includes("cacerts") && !names.includes("jssecacerts")) return [];
  if (!names.includes("jssecacerts") && JAVA_CERTIFICATE_FILES.some((file) => `/etc/${file}` === linkAt(path)))
    return [];
  return [path];
}

function linkAt(directory: string): string | null {
  return unlessAbsent(() => readlinkSync(join(directory, "cacerts")));
}

/** Null also for what is no directory, or no link. */
function unlessAbsent<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EINVAL") return null;
    throw error;
  }
}
