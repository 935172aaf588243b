// Whether this kind of system can have local sandboxes at all.

/** Null where it can. Where not, what is the matter and what to do about it. */
export function platformProblem(
  platform: NodeJS.Platform = process.platform,
): { detail: string; remedy: string } | null {
  if (platform === "linux") return null;
  const name = { darwin: "macOS", win32: "Windows" }[platform as string] ?? platform;
  return {
    detail: `local sandboxes need Linux, and this is ${name}`,
    remedy: `The rest of Berth runs: agents answer without tools. For tools, run Berth on Linux, ${platform === "win32" ? "for instance in WSL 2" : "for instance in a virtual machine"}.`,
  };
}
