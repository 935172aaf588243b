// One thing that the palette offers: a place to go to, or something to do.
import type { Icon } from "./icons/create-icon.tsx";

export type Command = {
  id: string;
  label: string;
  /** What kind of thing it is. */
  hint: string;
  icon: Icon;
} & ({ href: string } | { run: () => void });
