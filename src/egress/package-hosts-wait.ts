// In the broker's first seconds package managers are still asked where packages come from: what that decides about waits for their answer.
import { Refusal } from "./refusal.ts";

/** More than a package manager gets to answer, and less than programs wait for a host. */
export const PACKAGE_HOSTS_WAIT_MS = 15_000;

export type PackageHostsWait = {
  /** Whether there is anything to wait for. */
  isOpen(): boolean;
  /** Throws a `Refusal` with status 503 after `PACKAGE_HOSTS_WAIT_MS`. */
  wait(): Promise<void>;
};

/** `known`: settles when all are there; absent: they are. */
export function createPackageHostsWait(known: Promise<void> | undefined): PackageHostsWait {
  let open = known !== undefined;
  const done = known?.then(() => {
    open = false;
  });
  return {
    isOpen: () => open,
    async wait() {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        const message = "Package managers have not told yet where packages come from. Try again in a moment.";
        late.reject(new Refusal("policy_unavailable", message, { status: 503 }));
      }, PACKAGE_HOSTS_WAIT_MS);
      try {
        await Promise.race([done, late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
