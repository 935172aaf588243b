// What can be done from a message that the agent has read: go back to before it, or go on from there in a new session.
"use client";

import { use } from "react";
import { Ellipsis, GitBranch, History } from "../../../components/icons/icons.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Menu, MenuItem, MenuNote } from "../../../components/ui/menu.tsx";
import type { UserMessageItem } from "../session-view.ts";
import { TimelineContext } from "../timeline-actions.ts";

export function EarlierMessageMenu({ item }: { item: UserMessageItem }) {
  const timeline = use(TimelineContext);
  if (!timeline || item.at === null) return null;
  const { rewinding, askEarlier } = timeline;
  return (
    <Menu
      trigger={
        <Button
          look="quiet"
          size="small"
          className="h-5 [&_svg]:size-3.5 max-md:-my-3"
          aria-label="Message actions"
          title="Rewind to this message, or fork from it"
        >
          <Ellipsis aria-hidden />
        </Button>
      }
    >
      {rewinding === "open" && (
        <MenuItem onSelect={() => askEarlier({ what: "rewind", message: item })}>
          <History aria-hidden /> Rewind to here…
        </MenuItem>
      )}
      {rewinding === "later" && <MenuNote>Rewinding is possible once the agent rests.</MenuNote>}
      <MenuItem onSelect={() => askEarlier({ what: "fork", message: item })}>
        <GitBranch aria-hidden /> Fork from here…
      </MenuItem>
    </Menu>
  );
}
