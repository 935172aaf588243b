// What an item can ask of the timeline it stands in, and what it has to know of it.
"use client";

import { createContext } from "react";
import type { UserMessageItem } from "./session-view.ts";

/** Where a link, the outline or a search has led. */
export type Shown = {
  itemId: string;
  /** Rises with each jump: the same place may be asked for again. */
  count: number;
  /** What is asked for may be inside a card that is closed. */
  open: boolean;
  /** What a search looks for; null when it is no search. */
  words: string | null;
};

/** What is asked to happen from an earlier message on. */
export type EarlierQuestion = { what: "rewind" | "fork"; message: UserMessageItem };

export type TimelineActions = {
  shown: Shown | null;
  /** The item that is outlined for a moment. */
  highlighted: string | null;
  showDetails: (id: string) => void;
  /** The failure that can be tried again; null while there is none. */
  retryable: string | null;
  /** Whether the session can be taken back: not while the agent works or messages are queued, never once it is closed. */
  rewinding: "open" | "later" | "never";
  askEarlier: (question: EarlierQuestion) => void;
  /** What items remember while they are not drawn. */
  memory: Map<string, unknown>;
};

/** Null outside of a session's own page. */
export const TimelineContext = createContext<TimelineActions | null>(null);

/** The id of the item around; null outside of the timeline. */
export const ItemContext = createContext<string | null>(null);
