// Goes to one event, by a link's fragment, the outline or the search, and marks it for a moment.
"use client";

import { type RefObject, useCallback, useEffect, useEffectEvent, useState } from "react";
import type { StreamEvent } from "../../../contract/events.ts";
import type { RowListHandle } from "../../components/use-virtual-rows.ts";
import { findEventTarget } from "./event-target.ts";
import type { Shown } from "./timeline-actions.ts";
import type { Row } from "./to-rows.ts";

const MARKED_MS = 3_000;

type Goal = { id: string; words: string | null };
type JumpOptions = {
  rows: readonly Row[];
  log: readonly StreamEvent[];
  list: RefObject<RowListHandle | null>;
  /** For an event that no item shows. */
  onDetails: (id: string) => void;
};

export function useJump({ rows, log, list, onDetails }: JumpOptions) {
  const [goal, setGoal] = useState<Goal | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const [highlighted, setHighlighted] = useState<string | null>(null);
  /** What a link asks for and is not there; it may come yet. */
  const [missing, setMissing] = useState<string | null>(null);
  const jump = useCallback((id: string, words: string | null = null) => setGoal({ id, words }), []);
  const endSearch = useCallback(() => setShown((last) => last && { ...last, words: null }), []);

  const go = useEffectEvent(({ id, words }: Goal) => {
    const target = findEventTarget(rows, log, id);
    setMissing(target ? null : id);
    if (!target) return;
    setGoal(null);
    if (target === "log") return onDetails(id);
    const { index, itemId } = target;
    list.current?.show(index);
    setHighlighted(itemId);
    setShown((last) => ({ itemId, words, open: target.open || words !== null, count: (last?.count ?? 0) + 1 }));
  });

  useEffect(() => {
    const fromLink = () => {
      const id = decodeURIComponent(window.location.hash.slice(1));
      if (id.startsWith("sevt_")) setGoal({ id, words: null });
    };
    fromLink();
    window.addEventListener("hashchange", fromLink);
    return () => window.removeEventListener("hashchange", fromLink);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was not there is looked for again when something came
  useEffect(() => {
    if (goal) go(goal);
  }, [goal, rows]);
  useEffect(() => {
    if (highlighted === null || !shown) return;
    const timer = setTimeout(() => setHighlighted(null), MARKED_MS);
    return () => clearTimeout(timer);
  }, [highlighted, shown]);

  const giveUp = () => {
    setGoal(null);
    setMissing(null);
  };
  return { jump, shown, highlighted, missing, giveUp, endSearch };
}
