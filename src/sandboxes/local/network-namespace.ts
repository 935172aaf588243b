// The network of a sandbox: a namespace with a loopback interface and nothing else. No address of it leads anywhere outside.
import { RELAY_ADDRESS } from "../../runner/protocol.ts";
import type { Host } from "./host.ts";

/**
 * Run in the new namespace: brings the loopback interface up with the relay's address, and lets programs without privileges
 * listen on every port. What follows is only run when all of that worked.
 */
const SET_UP = [`"$0" -batch - <<'END'`, "link set lo up", `address add ${RELAY_ADDRESS}/32 dev lo`, "END"].join("\n");
const OPEN_PORTS = "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start";

/**
 * The command in front of one that is to run in such a namespace. As root the namespace is root's, so that nothing in a sandbox
 * has a right over it; otherwise it belongs to a user namespace around the sandbox's own, whose rights are given up again.
 */
export function inNetworkNamespace(programs: NonNullable<Host["network"]>, { isRoot }: { isRoot: boolean }): string[] {
  const { unshare, ip, setpriv } = programs;
  const asUser = ["--user", "--map-current-user", "--keep-caps"];
  const giveUpRights = [setpriv, "--inh-caps=-all", "--ambient-caps=-all"];
  const script = ["set -e", SET_UP, OPEN_PORTS, 'exec "$@"'].join("\n");
  return [
    ...[unshare, "--net", ...(isRoot ? [] : asUser), "--", "/bin/sh", "-c", script, ip],
    ...(isRoot ? [] : giveUpRights),
  ];
}
