// A picture for each tool that is known.
import type { Icon } from "../../../components/icons/create-icon.tsx";
import {
  FilePen,
  FilePlus,
  FileSearch,
  FileText,
  Globe,
  Search,
  Terminal,
  Wrench,
} from "../../../components/icons/icons.tsx";

const icons: Record<string, Icon> = {
  bash: Terminal,
  read: FileText,
  write: FilePlus,
  edit: FilePen,
  glob: FileSearch,
  grep: Search,
  web_fetch: Globe,
  web_search: Globe,
};

export function ToolIcon({ name }: { name: string }) {
  const Icon = icons[name] ?? Wrench;
  return <Icon aria-hidden className="size-4 shrink-0 text-muted" />;
}
