// The question before unsaved edits are left.
"use client";

import { useEffect, useState } from "react";
import { guardLeaving } from "./leave-guard.ts";
import { Button } from "./ui/button.tsx";
import { Dialog } from "./ui/dialog.tsx";

/** `dirty`: something would be lost. */
export function UnsavedEdits({ dirty }: { dirty: boolean }) {
  const [leave, setLeave] = useState<{ go: () => void } | null>(null);
  useEffect(() => {
    if (dirty) return guardLeaving((go) => setLeave({ go }));
  }, [dirty]);
  const stay = () => setLeave(null);
  return (
    <Dialog open={leave !== null} onClose={stay} title="Leave without saving?">
      <div className="grid gap-4">
        <p className="text-muted">What you changed here is lost when you leave.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={stay}>Stay</Button>
          <Button
            look="danger"
            onClick={() => {
              stay();
              leave?.go();
            }}
          >
            Leave
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
