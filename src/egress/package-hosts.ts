// Hosts that `allow_package_managers` of an environment allows: what the operator named, and what the tools themselves are set to. Pure.
import { canonicalHost } from "../contract/host-names.ts";

export type PackageHost = {
  /** As in a list of allowed hosts. */
  host: string;
  /** Its own address is `http://`: it is carried so, without any credential. */
  plain: boolean;
};

/** What one tool said. `problem`: it could not be asked, or what it is set to can't be reached, and why. */
export type ToolHosts = { tool: string; hosts: PackageHost[]; problem: string | null };

/** Reads addresses as tools write them (`https://npm.corp.example/team/`, `sparse+https://…`, a bare host). */
export function readToolHosts(tool: string, addresses: readonly string[]): ToolHosts {
  const hosts = new Map<string, PackageHost>();
  const problems: string[] = [];
  for (const address of addresses) {
    const text = address.replace(/^(sparse|registry|git)\+/, "");
    const match = /^(https?):\/\/(?:[^/@]*@)?([^/:?#]+|\[[^\]]*\])(?::(\d+))?(?:[/?#]|$)/i.exec(
      text.includes("://") ? text : `https://${text}`,
    );
    const scheme = match?.[1]?.toLowerCase();
    const { host, problem } = canonicalHost(match?.[2] ?? text);
    const usual = scheme === "http" ? "80" : "443";
    if (!match || host === null) problems.push(`${withoutCredential(text)} ${problem ?? "is not reached by http"}`);
    else if ((match[3] ?? usual) !== usual) problems.push(`${host}:${match[3]}: only port ${usual} can be reached`);
    else hosts.set(`${scheme} ${host}`, { host, plain: scheme === "http" });
  }
  return { tool, hosts: [...hosts.values()], problem: problems.length > 0 ? problems.join("; ") : null };
}

function withoutCredential(address: string): string {
  return address.replace(/\/\/[^/@]*@/, "//").slice(0, 200);
}
