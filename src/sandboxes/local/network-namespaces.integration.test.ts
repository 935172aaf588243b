// Real namespaces: what is in them, that one is made ahead, and that none is left behind.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { sandboxesMissing } from "../../../test/support/local-sandboxd.ts";
import { until } from "../../../test/support/until.ts";
import { RELAY_ADDRESS } from "../../runner/protocol.ts";
import { readHost } from "./host.ts";
import { createNetworkNamespaces, type NetworkNamespace, type NetworkNamespaces } from "./network-namespaces.ts";

const missing = sandboxesMissing();
const isRoot = process.getuid?.() === 0;
const FIRST = 3;

/** Network namespaces that this process holds by a descriptor. */
function held(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith("net:") ? [target] : [];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
}

const childrenOfThis = () => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();

function inside({ enter }: NetworkNamespace, script: string): string {
  const { descriptors, command } = enter(FIRST);
  const [file = "", ...args] = [...command, "/bin/sh", "-c", script];
  return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit", ...descriptors] });
}

describe.skipIf(missing)("network namespaces", () => {
  let networks: NetworkNamespaces;
  const open = () => createNetworkNamespaces(() => readHost().network, { isRoot, log: () => undefined });
  afterEach(() => networks.close());

  it("have a loopback interface with the relay's address, no route, and let everybody listen on every port", async () => {
    networks = open();
    const one = await networks.take();
    const said = inside(
      one,
      "readlink /proc/self/ns/net; ip -o -4 addr; ip -o link; ip route; cat /proc/sys/net/ipv4/ip_unprivileged_port_start",
    );
    one.close();
    const lines = said.trim().split("\n");
    expect(lines[0]).not.toBe(readlinkSync("/proc/self/ns/net"));
    expect(lines.filter((line) => line.includes(" inet ")).map((line) => line.split(/\s+/)[3])).toEqual([
      "127.0.0.1/8",
      `${RELAY_ADDRESS}/32`,
    ]);
    expect(said).not.toMatch(/^default|eth0/m);
    expect(lines.at(-1)).toBe("0");
  });

  it("are made ahead, one at most, each for one sandbox", async () => {
    networks = open();
    networks.prepare();
    networks.prepare();
    await until(() => held().length === 1 && childrenOfThis() === "");
    const [ahead] = held();
    const first = await networks.take();
    const second = await networks.take();
    expect(inside(first, "readlink /proc/self/ns/net").trim()).toBe(ahead);
    expect(inside(second, "readlink /proc/self/ns/net").trim()).not.toBe(ahead);
    first.close();
    second.close();
    expect(held()).toEqual([]);
  });

  it("leave nothing behind: no descriptor, no process, no mount", async () => {
    networks = open();
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    networks.prepare();
    await networks.close();
    networks.prepare();
    await until(() => childrenOfThis() === "");
    expect(held()).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts);
  });

  it("are made by the next sandbox where it could not be done ahead", async () => {
    const good = readHost().network;
    let programs = good && { ...good, ip: "/bin/false" };
    const logged: string[] = [];
    networks = createNetworkNamespaces(() => programs, { isRoot, log: (event) => logged.push(event) });
    networks.prepare();
    await until(() => logged.length === 1);
    programs = good;
    (await networks.take()).close();
  });
});
