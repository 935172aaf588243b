// What each sandbox mounts of its egress broker: a directory of root's with the certificates, and in it one of the broker's with the socket.
// The broker may be somebody without rights, and is not trusted: nothing here follows what it could have put into its own directories.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { BROKER_DIR, BROKER_SOCKET, CERTIFICATES_FILE, JAVA_CERTIFICATES_FILE } from "../../runner/protocol.ts";
import type { FleetLog } from "./fleet.ts";
import { javaTrustStore } from "./java-trust-store.ts";

export type EgressPlaces = {
  /** Who listens at the broker's own socket is who gets to listen for sandboxes. Called before any of them is told. */
  admit(brokerSocketPath: string): void;
  make(id: string): void;
  socketPath(id: string): string;
  writeCertificate(id: string, certificate: string): void;
  remove(id: string): void;
  /** All, and `directory` itself. */
  removeAll(): void;
};

/** `directory` has a parent that is this installation's alone. What a predecessor left is removed. */
export function createEgressPlaces(options: { directory: string; log: FleetLog }): EgressPlaces {
  const { directory, log } = options;
  let broker: { uid: number; gid: number } | null = null;
  const place = (id: string) => join(directory, id);

  /** By names below directories that nobody else can replace, one level at a time. */
  function empty(path: string, depth: number): void {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      try {
        if (!entry.isDirectory()) {
          unlinkSync(child);
          continue;
        }
        if (depth > 0) empty(child, depth - 1);
        rmdirSync(child);
      } catch (error) {
        log("the egress broker left something that is not removed", { path: child, reason: messageOf(error) });
      }
    }
  }

  function removeDirectory(path: string, depth: number): void {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
    empty(path, depth);
    try {
      rmdirSync(path);
    } catch (error) {
      log("the directory of a sandbox's way out is not removed", { path, reason: messageOf(error) });
    }
  }

  function giveToBroker(id: string): void {
    if (broker) chownSync(join(place(id), BROKER_DIR), broker.uid, broker.gid);
  }

  mkdirSync(directory, { recursive: true });
  // Everybody may pass through and nobody look around: the names below are random.
  chmodSync(directory, 0o711);
  empty(directory, 2);

  return {
    admit(brokerSocketPath) {
      const { uid, gid } = lstatSync(brokerSocketPath);
      if (uid === process.getuid?.()) return;
      broker = { uid, gid };
      chownSync(dirname(directory), -1, gid);
      chmodSync(dirname(directory), 0o710);
      for (const id of readdirSync(directory)) giveToBroker(id);
    },
    make(id) {
      mkdirSync(place(id), { mode: 0o755 });
      mkdirSync(join(place(id), BROKER_DIR), { mode: 0o755 });
      giveToBroker(id);
    },
    socketPath: (id) => join(place(id), BROKER_SOCKET),
    writeCertificate(id, certificate) {
      // By renaming, so that no program finds half of it.
      const forms = { [JAVA_CERTIFICATES_FILE]: javaTrustStore(certificate), [CERTIFICATES_FILE]: certificate };
      for (const [name, content] of Object.entries(forms)) {
        const file = join(place(id), name);
        writeFileSync(`${file}.new`, content, { mode: 0o644 });
        renameSync(`${file}.new`, file);
      }
    },
    remove: (id) => removeDirectory(place(id), 1),
    removeAll: () => removeDirectory(directory, 2),
  };
}
