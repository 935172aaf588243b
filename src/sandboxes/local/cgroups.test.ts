// Where controllers are, and which files hold a sandbox's limits, in both versions.
import { expect, test } from "vitest";
import { limitFiles, readLayout, writeInEitherOrder } from "./cgroups.ts";

const V1 = [
  "tmpfs /sys/fs/cgroup tmpfs rw 0 0",
  "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0",
  "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0",
  "cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0",
  "cgroup /sys/fs/cgroup/freezer cgroup rw,freezer 0 0",
  "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0",
].join("\n");
const limits = { memoryMb: 256, cpus: 1.5, pids: 64, diskMb: 100 };

test("a version 1 host has each controller in its own place, also with an empty version 2 beside it", () => {
  const layout = readLayout(V1, () => []);
  expect(layout).toEqual({
    memory: { version: 1, root: "/sys/fs/cgroup/memory" },
    cpu: { version: 1, root: "/sys/fs/cgroup/cpu,cpuacct" },
    pids: { version: 1, root: "/sys/fs/cgroup/pids" },
    freezer: { version: 1, root: "/sys/fs/cgroup/freezer" },
  });
});

test("a version 2 host has all in one place, the freezer always", () => {
  const layout = readLayout("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", () => ["cpuset", "cpu", "memory", "pids"]);
  expect(Object.keys(layout).sort()).toEqual(["cpu", "freezer", "memory", "pids"]);
  expect(layout.memory).toEqual({ version: 2, root: "/sys/fs/cgroup" });
});

test("a host without cgroups has none", () => {
  expect(readLayout("proc /proc proc rw 0 0\n", () => [])).toEqual({});
});

test("limits are written in each version's own files", () => {
  const written = (layout: ReturnType<typeof readLayout>) =>
    Object.fromEntries(limitFiles(layout, limits).map((file) => [file.file, file.value]));
  expect(written(readLayout(V1, () => []))).toMatchObject({
    "memory.limit_in_bytes": "268435456",
    "memory.memsw.limit_in_bytes": "268435456",
    "pids.max": "64",
    "cpu.cfs_quota_us": "150000",
    "cpu.cfs_period_us": "100000",
  });
  expect(written(readLayout("cgroup2 /c cgroup2 rw 0 0", () => ["cpu", "memory", "pids"]))).toMatchObject({
    "memory.max": "268435456",
    "memory.swap.max": "0",
    "pids.max": "64",
    "cpu.max": "150000 100000",
  });
});

test.each([
  ["raised", 512],
  ["lowered", 128],
])("memory can be %s where memory with swap must never be below it", (_how, memoryMb) => {
  const held = new Map([
    ["memory.limit_in_bytes", 256 << 20],
    ["memory.memsw.limit_in_bytes", 256 << 20],
  ]);
  const wanted = limitFiles(
    readLayout(V1, () => []),
    { ...limits, memoryMb },
  );
  writeInEitherOrder(wanted, ({ file, value }) => {
    const after = new Map(held).set(file, Number(value));
    const [memory = 0, withSwap = 0] = after.values();
    if (memory > withSwap) throw new Error("EINVAL");
    held.set(file, Number(value));
  });
  expect([...held.values()].slice(0, 2)).toEqual([memoryMb << 20, memoryMb << 20]);
});

test("a limit that is refused for good is an error", () => {
  const refuse = () => {
    throw new Error("EBUSY");
  };
  expect(() => writeInEitherOrder(["memory"], refuse)).toThrow("EBUSY");
});
