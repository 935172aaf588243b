// A name that a person, a program or an agent gave: it reads in its own direction, whatever stands beside it, and hides nothing.
import { visibleName } from "../../lib/visible-text.ts";

export function Name({ text }: { text: string }) {
  // <bdi> finds its direction by its first letter, and keeps it from reordering "v3 · 5 min ago".
  return <bdi>{visibleName(text)}</bdi>;
}
