// The network of a sandbox: a namespace with a loopback interface and nothing else. No address of it leads anywhere outside.
import { RELAY_ADDRESS } from "../../runner/protocol.ts";
import type { Host } from "./host.ts";

export type NetworkNamespace = {
  /** The command in front of a shell that is to run in a new one. */
  enter: readonly string[];
  /** Lines for that shell, which ends with any that fails. */
  setUp: readonly string[];
  /** The command in front of what is to be run in it. */
  leaveRights: readonly string[];
};

/**
 * The loopback interface is up and has the relay's address, and programs without privileges can listen on every port. As root
 * the namespace is root's, so that nothing in a sandbox has a right over it; otherwise it belongs to a user namespace around the
 * sandbox's own, whose rights are given up again.
 */
export function networkNamespace(
  { unshare, ip, setpriv }: NonNullable<Host["network"]>,
  { isRoot }: { isRoot: boolean },
): NetworkNamespace {
  const setUp = [
    `${ip} -batch - <<'END'`,
    "link set lo up",
    `address add ${RELAY_ADDRESS}/32 dev lo`,
    "END",
    "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start",
  ];
  if (isRoot) return { enter: [unshare, "--net", "--"], setUp, leaveRights: [] };
  return {
    enter: [unshare, "--net", "--user", "--map-current-user", "--keep-caps", "--"],
    setUp,
    leaveRights: [setpriv, "--inh-caps=-all", "--ambient-caps=-all"],
  };
}
