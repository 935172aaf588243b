// The repositories that a session's sandbox begins with: how far each is, why one is not there, and what can be done about it.
"use client";

import { useState } from "react";
import type { SessionResource } from "../../../../contract/session-resources.ts";
import type { Session } from "../../../../contract/sessions.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { CircleAlert, CircleCheck, CircleDashed, LoaderCircle, Plus } from "../../../components/icons/icons.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Dialog } from "../../../components/ui/dialog.tsx";
import type { SessionView } from "../session-view.ts";
import { AddRepositoryForm } from "./add-repository-form.tsx";
import { RepositoryMenu } from "./repository-menu.tsx";

type RepositoryListProps = {
  session: Pick<Session, "id" | "resources" | "archived_at">;
  view: Pick<SessionView, "status" | "cloning">;
};

export function RepositoryList({ session, view }: RepositoryListProps) {
  const [adding, setAdding] = useState(false);
  const { resources } = session;
  const isOpen = session.archived_at === null && view.status !== "terminated";
  const rests = view.status === "idle";
  return (
    <div className="grid justify-items-start gap-2">
      {resources.length === 0 && <p className="text-muted">It has none.</p>}
      {resources.length > 0 && (
        <ul aria-label="Repositories" className="grid w-full gap-2">
          {resources.map((resource) => (
            <li key={resource.id} className="flex items-start gap-2">
              <Repository resource={resource} isCloning={view.cloning.includes(resource.id)} />
              <RepositoryMenu sessionId={session.id} resource={resource} takesToken={isOpen} />
            </li>
          ))}
        </ul>
      )}
      {isOpen && (
        <>
          <Button
            size="small"
            disabled={!rests}
            aria-describedby={rests ? undefined : "not-now"}
            onClick={() => setAdding(true)}
          >
            <Plus aria-hidden /> Add a repository
          </Button>
          {!rests && (
            <p id="not-now" className="text-[13px] text-muted">
              One can be added while the agent rests.
            </p>
          )}
        </>
      )}
      <Dialog open={adding} onClose={() => setAdding(false)} title="Add a repository">
        <AddRepositoryForm sessionId={session.id} onClose={() => setAdding(false)} />
      </Dialog>
    </div>
  );
}

const states = {
  cloning: { icon: LoaderCircle, look: "text-running [&_svg]:motion-safe:animate-spin", words: "Being cloned" },
  waiting: { icon: CircleDashed, look: "text-muted", words: "Cloned before the next tool runs" },
  ready: { icon: CircleCheck, look: "text-good", words: "Ready" },
  failed: { icon: CircleAlert, look: "text-danger", words: "Failed, tried again in the next turn that runs a tool" },
};

function Repository({ resource, isCloning }: { resource: SessionResource; isCloning: boolean }) {
  const { url, mount_path, checkout, status, problem } = resource;
  const state = states[isCloning && status === "waiting" ? "cloning" : status];
  return (
    <div className="grid min-w-0 flex-1 gap-0.5 wrap-anywhere">
      <span>
        {visibleExactly(url)}
        {checkout?.type === "branch" && `, branch ${visibleExactly(checkout.name)}`}
        {checkout?.type === "commit" && `, commit ${checkout.sha.slice(0, 12)}`}
      </span>
      <span className="font-mono text-[13px] text-muted">{visibleExactly(mount_path)}</span>
      <span className={`flex items-start gap-1.5 text-[13px] ${state.look}`}>
        <state.icon aria-hidden className="mt-0.5 size-3.5 shrink-0" /> {state.words}
      </span>
      {problem !== null && <span className="text-[13px] text-danger">{visibleExactly(problem)}</span>}
    </div>
  );
}
