// The parts that rooms are made of, each in its states.
"use client";

import type { ReactNode } from "react";
import { ApiError } from "../../../client/api-error.ts";
import { type SessionState, STATE_WORDS } from "../../../client/session-state.ts";
import { CodeBlock } from "../../components/code-block.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { Copy, Plus, Trash2 } from "../../components/icons/icons.tsx";
import { KeyHint } from "../../components/key-hint.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { RelativeTime } from "../../components/relative-time.tsx";
import { StateChip } from "../../components/state-chip.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Field } from "../../components/ui/field.tsx";
import { Input, Select, Textarea } from "../../components/ui/input.tsx";
import { Menu, MenuItem } from "../../components/ui/menu.tsx";
import { DialogSpecimen } from "./dialog-specimen.tsx";
import { Specimen } from "./specimen.tsx";

const looks = ["primary", "plain", "quiet", "danger"] as const;
const states = Object.keys(STATE_WORDS) as SessionState[];
const ages = [5_000, 300_000, 7_200_000, 400_000_000];
const nothing = () => undefined;

export function PartGallery() {
  return (
    <>
      <Specimen name="Buttons">
        <Row>
          {looks.map((look) => (
            <Button key={look} look={look}>
              <Plus aria-hidden /> {look}
            </Button>
          ))}
          {looks.map((look) => (
            <Button key={look} look={look} disabled>
              {look}, disabled
            </Button>
          ))}
          <Button size="small">small</Button>
          <Button size="icon" look="quiet" aria-label="Only an icon">
            <Trash2 aria-hidden />
          </Button>
          <CopyButton text="copied" label="Copy it" />
          <KeyHint>Ctrl K</KeyHint>
        </Row>
      </Specimen>
      <Specimen name="Fields">
        <div className="grid max-w-md gap-3">
          <Field label="A line" hint="What it is for.">
            {(control) => <Input {...control} placeholder="placeholder" />}
          </Field>
          <Field label="A line with a fault" error="This is not a number.">
            {(control) => <Input {...control} defaultValue="seven" />}
          </Field>
          <Field label="A text">{(control) => <Textarea {...control} defaultValue={"one\ntwo\nthree"} />}</Field>
          <Field label="A choice">
            {(control) => (
              <Select {...control}>
                <option>One</option>
                <option>Two</option>
              </Select>
            )}
          </Field>
          <Field label="Not now">{(control) => <Input {...control} disabled defaultValue="disabled" />}</Field>
        </div>
      </Specimen>
      <Specimen name="States of a session">
        <Row>
          {states.map((state) => (
            <StateChip key={state} state={state} />
          ))}
        </Row>
      </Specimen>
      <Specimen name="Menu and dialog">
        <Row>
          <Menu trigger={<Button>Menu</Button>}>
            <MenuItem>
              <Copy aria-hidden /> An action
            </MenuItem>
            <MenuItem disabled>Not now</MenuItem>
            <MenuItem danger>
              <Trash2 aria-hidden /> Delete…
            </MenuItem>
          </Menu>
          <DialogSpecimen />
        </Row>
      </Specimen>
      <Specimen name="Times">
        <Row>
          {ages.map((age) => (
            <RelativeTime key={age} at={new Date(Date.now() - age).toISOString()} />
          ))}
        </Row>
      </Specimen>
      <Specimen name="Failure">
        <FailureNote error={new Error("The file is not JSON.")} />
        <FailureNote
          error={new ApiError({ status: 500, type: "api_error", message: "It broke.", requestId: "req_1" })}
          onRetry={nothing}
        />
      </Specimen>
      <Specimen name="Loading">
        <ListSkeleton label="Loading something" />
      </Specimen>
      <Specimen name="Nothing there">
        <EmptyState title="No agents yet">
          <p>An agent is a model, a system prompt and tools.</p>
          <Button look="primary">Create the first one</Button>
        </EmptyState>
      </Specimen>
      <Specimen name="Code">
        <CodeBlock>
          <code className="language-ts">{"const answer: number = 42;"}</code>
        </CodeBlock>
      </Specimen>
    </>
  );
}

function Row({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-2">{children}</div>;
}
