// The rooms that show lists.
"use client";

import type { ComponentType } from "react";
import type { Session } from "../../../contract/sessions.ts";
import { VersionsRoom } from "../../agents/[id]/versions/versions-room.tsx";
import { AgentsRoom } from "../../agents/agents-room.tsx";
import { ApprovalsRoom } from "../../approvals/approvals-room.tsx";
import { EnvironmentsRoom } from "../../environments/environments-room.tsx";
import { RunningRoom } from "../../running/running-room.tsx";
import { EventsTab } from "../../sessions/[id]/panel/events-tab.tsx";
import { FilesTab } from "../../sessions/[id]/panel/files-tab.tsx";
import { emptyView } from "../../sessions/[id]/session-view.ts";
import { SessionsRoom } from "../../sessions/sessions-room.tsx";
import { KeysRoom } from "../../settings/keys/keys-room.tsx";
import { LicencesRoom } from "../../settings/licences/licences-room.tsx";
import { UsageRoom } from "../../usage/usage-room.tsx";

/** Only what the panel's lists look at. */
const session = { id: "sesn_recorded", archived_at: null, status: "idle" } as Session;
const tab = { session, view: emptyView, log: [] };

type ListRoom = {
  label: string;
  Room: ComponentType;
  /** It has one entry at least. */
  neverEmpty?: true;
};

export const listRooms: readonly ListRoom[] = [
  { label: "Sessions", Room: SessionsRoom },
  { label: "Approvals", Room: ApprovalsRoom },
  { label: "Agents", Room: AgentsRoom },
  { label: "Versions of an agent", Room: () => <VersionsRoom agentId="agent_recorded" />, neverEmpty: true },
  { label: "Environments", Room: EnvironmentsRoom },
  { label: "Running now", Room: RunningRoom },
  { label: "Usage", Room: UsageRoom },
  { label: "API keys", Room: KeysRoom },
  { label: "Licences", Room: LicencesRoom },
  { label: "Files of a session", Room: () => <FilesTab {...tab} /> },
  { label: "Events of a session", Room: () => <EventsTab {...tab} /> },
];
