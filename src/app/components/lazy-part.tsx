// A large part of a page, loaded beside the rest of it: the one place where components are.
"use client";

import { type ComponentType, type LazyExoticComponent, lazy, useState } from "react";
import { loadPart } from "../live/load-part.ts";

/** `load` is asked again for as long as it fails, once the part is drawn. `preload` begins early, tries once and leaves a failure to that. */
export function lazyPart<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let loaded: ComponentType<Props> | null = null;
  const loadOnce = async () => {
    loaded ??= await load();
    return { default: loaded };
  };
  const Waited = lazy(() => loadPart(loadOnce)) as unknown as LazyExoticComponent<ComponentType<Props>>;
  /**
   * `lazy` alone waits once even for what is there, shows the fallback for that, and React then keeps a fallback on the
   * screen for 300 ms. Each place keeps what it began with: another component would begin anew.
   */
  function Part(props: Props) {
    const [Drawn] = useState<ComponentType<Props>>(() => loaded ?? (Waited as ComponentType<Props>));
    return <Drawn {...props} />;
  }
  return { Part, preload: () => void loadOnce().catch(() => null) };
}
