// A picture for each tool that is known.
import {
  FilePen,
  FilePlus,
  FileSearch,
  FileText,
  Globe,
  type LucideIcon,
  Search,
  Terminal,
  Wrench,
} from "lucide-react";

const icons: Record<string, LucideIcon> = {
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
