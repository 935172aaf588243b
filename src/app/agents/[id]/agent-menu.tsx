// What else can be done with an agent: copy it, save it as a file, archive it.
"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Agent } from "../../../contract/agents.ts";
import { Archive, Copy, CopyPlus, Download, Ellipsis } from "../../components/icons/icons.tsx";
import { whenFree } from "../../components/leave-guard.ts";
import { saveText } from "../../components/save-text.ts";
import { Button } from "../../components/ui/button.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { EXPORT_FORMATS, type ExportFormat, exportFileName, toExport } from "../export-agent.ts";
import { ArchiveAgentDialog } from "./archive-agent-dialog.tsx";

export function AgentMenu({ agent }: { agent: Agent }) {
  const router = useRouter();
  const { available, copy } = useCopy();
  const [archiving, setArchiving] = useState(false);
  const save = async (format: ExportFormat) =>
    saveText(exportFileName(agent, format), await toExport(agent, format), EXPORT_FORMATS[format].mediaType);
  return (
    <>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label="More actions">
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={() => whenFree(() => router.push(`/agents/new?from=${agent.id}`))}>
          <CopyPlus aria-hidden /> Duplicate
        </MenuItem>
        {(Object.keys(EXPORT_FORMATS) as ExportFormat[]).map((format) => (
          <MenuItem key={format} onSelect={() => void save(format)}>
            <Download aria-hidden /> Export as {EXPORT_FORMATS[format].label}
          </MenuItem>
        ))}
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
