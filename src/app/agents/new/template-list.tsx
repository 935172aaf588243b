// Templates to start an agent from; the form below shows the chosen one.
import Link from "next/link";
import { classNames } from "../../components/class-names.ts";
import { agentTemplates } from "../templates/agent-templates.ts";

export function TemplateList({ chosenId }: { chosenId: string | null }) {
  const choices = [{ id: null, name: "Empty", description: "Begin with nothing." }, ...agentTemplates];
  return (
    <nav aria-label="Templates" className="max-w-3xl px-4 pt-4">
      <p className="mb-1 font-medium">Start from</p>
      <ul className="grid grid-cols-2 gap-2 md:grid-cols-3">
        {choices.map(({ id, name, description }) => (
          <li key={name}>
            <Link
              href={id === null ? "/agents/new" : `/agents/new?template=${id}`}
              replace
              aria-current={id === chosenId ? "true" : undefined}
              className={classNames(
                "block h-full rounded-md border border-line bg-panel px-3 py-2 hover:bg-sunken",
                id === chosenId && "border-accent bg-accent-soft hover:bg-accent-soft",
              )}
            >
              <span className="block font-medium">{name}</span>
              <span className="block text-muted">{description}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
