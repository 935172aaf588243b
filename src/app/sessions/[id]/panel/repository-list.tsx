// The repositories that a session's sandbox begins with, and why one is not there.
import type { SessionResource } from "../../../../contract/session-resources.ts";
import { visibleExactly } from "../../../../lib/visible-text.ts";

const words: Record<SessionResource["status"], string> = {
  waiting: "is cloned before the next tool runs",
  ready: "is there",
  failed: "is not there: tried again in the next turn that runs a tool",
};

export function RepositoryList({ resources }: { resources: readonly SessionResource[] }) {
  return (
    <ul className="grid gap-2">
      {resources.map(({ id, url, mount_path, checkout, status, problem }) => (
        <li key={id} className="grid gap-0.5 wrap-anywhere">
          <span>
            {visibleExactly(url)}
            {checkout?.type === "branch" && `, branch ${visibleExactly(checkout.name)}`}
            {checkout?.type === "commit" && `, commit ${checkout.sha.slice(0, 12)}`}
          </span>
          <span className="text-[13px] text-muted">
            <span className="font-mono">{visibleExactly(mount_path)}</span> {words[status]}
          </span>
          {problem !== null && <span className="text-[13px] text-danger">{visibleExactly(problem)}</span>}
        </li>
      ))}
    </ul>
  );
}
