// Package managers and how packages are named in lists of an environment. For browsers, too: no library.
export const PACKAGE_MANAGERS = ["apt", "cargo", "gem", "go", "npm", "pip"] as const;
export type PackageManager = (typeof PACKAGE_MANAGERS)[number];
export const MAX_PACKAGES = 100;
const MAX_PACKAGE_LENGTH = 200;

/** Why this can't be a package's name with its version; null when it can. What the package manager says of it, it says when it installs. */
export function packageProblem(text: string): string | null {
  if (text === "") return "is empty";
  if (text.length > MAX_PACKAGE_LENGTH) return `is longer than ${MAX_PACKAGE_LENGTH} characters`;
  if (text.startsWith("-")) return "begins with a dash: options of package managers can't be given here";
  // A name, extras in brackets, a version or a range of versions; no white space, and no file of the sandbox.
  if (!/^[A-Za-z0-9@_][A-Za-z0-9@_./:+~^=<>!,*[\]-]*$/.test(text))
    return "is not a package's name, with a version if need be";
  return null;
}
