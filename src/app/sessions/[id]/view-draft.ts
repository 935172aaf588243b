// A session view under change: copies what changes, leaves the rest shared with the view it came from.
import type { Item, SessionView, ToolCallItem, Turn } from "./session-view.ts";

type MutableTurn = { -readonly [Key in keyof Turn]: Turn[Key] } & { items: Item[] };
type Place = { turnIndex: number; itemIndex: number };

/** Above so many changes an index of all items costs less than looking for each. */
const INDEX_FROM_CHANGES = 32;

export class ViewDraft {
  readonly view: SessionView & { turns: Turn[] };
  /** Turns that this draft has copied and may change. */
  readonly #own = new Set<Turn>();
  /** Places do not change: items are added at the end, replaced where they stand, or taken away with all that follows. */
  #places: Map<string, Place> | null;

  constructor(view: SessionView, expectedChanges: number) {
    this.view = { ...view, turns: [...view.turns] };
    this.#places = expectedChanges < INDEX_FROM_CHANGES ? null : new Map(allPlaces(view));
  }

  /** The turn under way; a new one when the agent rested. */
  openTurn(id: string): MutableTurn {
    const { turns } = this.view;
    if (turns.at(-1)?.endedAt !== null) {
      turns.push({ id, items: [], startedAt: null, endedAt: null, openRequests: [] });
    }
    return this.#ownTurn(turns.length - 1);
  }

  /** The model request under way; null when none is. */
  openRequest(): string | null {
    const turn = this.view.turns.at(-1);
    return turn?.endedAt === null ? (turn.openRequests.at(-1) ?? null) : null;
  }

  endTurn(at: string): void {
    const { turns } = this.view;
    if (turns.at(-1)?.endedAt !== null) return;
    const turn = this.#ownTurn(turns.length - 1);
    turn.endedAt = at;
    turn.openRequests = [];
    for (const [index, item] of turn.items.entries()) {
      if (item.kind === "tool_call" && !item.endedAt && item.state !== "denied") {
        turn.items[index] = { ...item, state: "unfinished" };
      }
    }
  }

  /** Takes away the item with this id and all that came after it; what is left of its turn has ended. */
  goBackBefore(id: string, at: string): void {
    const place = this.#find(id);
    if (!place) return;
    const { turns } = this.view;
    turns.splice(place.turnIndex + 1);
    if (place.itemIndex === 0) turns.pop();
    else {
      const turn = this.#ownTurn(place.turnIndex);
      turn.items.splice(place.itemIndex);
      turn.endedAt ??= at;
      turn.openRequests = [];
    }
    if (this.#places) this.#places = new Map(allPlaces(this.view));
  }

  /** Nothing more will be added to the previews that are there. They are all in the turn under way. */
  endPreviews(): void {
    const turnIndex = this.view.turns.length - 1;
    for (const [itemIndex, item] of (this.view.turns[turnIndex]?.items ?? []).entries()) {
      if (item.kind === "agent_message" && item.state === "writing") {
        this.#ownTurn(turnIndex).items[itemIndex] = { ...item, state: "cut" };
      } else if (item.kind === "thinking" && item.state === "thinking") {
        this.#ownTurn(turnIndex).items[itemIndex] = { ...item, state: "done" };
      }
    }
  }

  /** Replaces the item with this id where it stands, or adds it at the end. */
  put(item: Item): void {
    const place = this.#find(item.id);
    if (place) {
      this.#ownTurn(place.turnIndex).items[place.itemIndex] = item;
      return;
    }
    this.openTurn(item.id);
    this.#add(item);
  }

  /** Adds something that begins no turn, also when the last one has ended. */
  putAside(item: Item): void {
    if (this.view.turns.length === 0) this.openTurn(item.id);
    this.#add(item);
  }

  #add(item: Item): void {
    const turnIndex = this.view.turns.length - 1;
    const { items } = this.#ownTurn(turnIndex);
    items.push(item);
    this.#places?.set(item.id, { turnIndex, itemIndex: items.length - 1 });
  }

  changeCall(id: string, change: (call: ToolCallItem) => ToolCallItem): void {
    const item = this.get(id);
    if (item?.kind === "tool_call") this.put(change(item));
  }

  get(id: string): Item | undefined {
    const place = this.#find(id);
    return place ? this.view.turns[place.turnIndex]?.items[place.itemIndex] : undefined;
  }

  #find(id: string): Place | undefined {
    if (this.#places) return this.#places.get(id);
    // From the end: what changes is nearly always among the last items.
    for (let turnIndex = this.view.turns.length - 1; turnIndex >= 0; turnIndex--) {
      const items = this.view.turns[turnIndex]?.items ?? [];
      const itemIndex = items.findLastIndex((item) => item.id === id);
      if (itemIndex !== -1) return { turnIndex, itemIndex };
    }
    return undefined;
  }

  #ownTurn(index: number): MutableTurn {
    const turn = this.view.turns[index];
    if (!turn) throw new Error(`there is no turn ${index}`);
    // A turn in `#own` was made by this draft, items included, so it may be changed.
    if (this.#own.has(turn)) return turn as MutableTurn;
    const copy = { ...turn, items: [...turn.items] };
    this.view.turns[index] = copy;
    this.#own.add(copy);
    return copy;
  }
}

function* allPlaces(view: SessionView): Generator<[string, Place]> {
  for (const [turnIndex, turn] of view.turns.entries()) {
    for (const [itemIndex, item] of turn.items.entries()) yield [item.id, { turnIndex, itemIndex }];
  }
}
