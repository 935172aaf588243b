// A dialog behind a button.
"use client";

import { useState } from "react";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";

export function DialogSpecimen() {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Dialog</Button>
      <Dialog open={open} onClose={close} title="Delete this?">
        <p className="mb-4 text-muted">It is gone for good.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Keep it</Button>
          <Button look="danger" onClick={close}>
            Delete
          </Button>
        </div>
      </Dialog>
    </>
  );
}
