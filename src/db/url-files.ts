// Files that a database's address names: they are read for each new connection, by whoever makes it. Pure.
const NAMES = ["sslcert", "sslkey", "sslrootcert"];

/** Their parameters' names. */
export function filesOfUrl(url: string): string[] {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  return NAMES.filter((name) => (query.get(name) ?? "") !== "");
}
