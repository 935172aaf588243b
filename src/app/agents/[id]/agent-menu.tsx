// What else can be done with an agent: copy it, save it as a file, archive it.
"use client";

import { Archive, Copy, CopyPlus, Download, Ellipsis } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Agent } from "../../../contract/agents.ts";
import { Button } from "../../components/ui/button.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { exportFileName, toExport } from "../export-agent.ts";
import { ArchiveAgentDialog } from "./archive-agent-dialog.tsx";

export function AgentMenu({ agent }: { agent: Agent }) {
  const router = useRouter();
  const { available, copy } = useCopy();
  const [archiving, setArchiving] = useState(false);
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label="More actions">
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={() => router.push(`/agents/new?from=${agent.id}`)}>
          <CopyPlus aria-hidden /> Duplicate
        </MenuItem>
        <MenuItem onSelect={() => download(exportFileName(agent), toExport(agent))}>
          <Download aria-hidden /> Export as JSON
        </MenuItem>
        {available && (
          <MenuItem onSelect={() => copy(agent.id)}>
            <Copy aria-hidden /> Copy id
          </MenuItem>
        )}
        {agent.archived_at === null && (
          <MenuItem danger onSelect={() => setArchiving(true)}>
            <Archive aria-hidden /> Archive…
          </MenuItem>
        )}
      </Menu>
      <ArchiveAgentDialog agentId={agent.id} open={archiving} onClose={() => setArchiving(false)} />
    </>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
