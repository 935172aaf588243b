// A box to tick, with its words.
"use client";

type CheckProps = { label: string; checked: boolean; onChange: (checked: boolean) => void };

export function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="flex items-center gap-2 max-md:min-h-[44px]">
      <input
        type="checkbox"
        className="size-4 accent-accent max-md:size-5"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
