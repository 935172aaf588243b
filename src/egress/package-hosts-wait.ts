// In the broker's first seconds package managers are still asked where packages come from: what that decides about waits for their answer.
import { Refusal } from "./refusal.ts";

/** More than a package manager gets to answer, and less than programs wait for a host. */
export const PACKAGE_HOSTS_WAIT_MS = 15_000;

export type PackageHostsWait = {
  /** Whether there is anything to wait for. */
  isOpen(): boolean;
  /** Throws a `Refusal` with status 503 after `PACKAGE_HOSTS_WAIT_MS`, and at once when they will never be known. */
  wait(): Promise<void>;
};

/** `known`: fulfilled when all are there, rejected when they will never be: what they decide about stays refused then; absent: they are there. */
export function createPackageHostsWait(known: Promise<void> | undefined): PackageHostsWait {
  let open = known !== undefined;
  // Whether it failed is for whoever waits: nobody may be there when it does.
  const outcome = known?.then(
    () => {
      open = false;
      return null;
    },
    (cause: unknown) => notKnown("Where packages come from could not be asked of package managers.", cause),
  );
  return {
    isOpen: () => open,
    async wait() {
      const late = Promise.withResolvers<Refusal>();
      const timer = setTimeout(() => {
        late.resolve(notKnown("Package managers have not told yet where packages come from. Try again in a moment."));
      }, PACKAGE_HOSTS_WAIT_MS);
      try {
        const refusal = await Promise.race([outcome, late.promise]);
        if (refusal) throw refusal;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function notKnown(message: string, cause?: unknown): Refusal {
  return new Refusal("policy_unavailable", message, { status: 503, cause });
}
