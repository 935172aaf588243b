// What every room says when there is nothing, while it loads, and when the server fails.
"use client";

import { listRooms } from "./list-rooms.tsx";
import { Specimen } from "./specimen.tsx";
import { Stage } from "./stage.tsx";
import type { StageName } from "./staged-answers.ts";

export function ListGallery({ name }: { name: StageName }) {
  const shown = listRooms.filter(({ neverEmpty }) => !(neverEmpty && name === "empty"));
  return shown.map(({ label, Room }) => (
    <Specimen key={label} name={`${label}: ${name}`}>
      <div className="rounded-md border border-line">
        <Stage name={name}>
          <Room />
        </Stage>
      </div>
    </Specimen>
  ));
}
