// Marks the environment of sessions that name none.

export function DefaultMark() {
  return (
    <span className="rounded-full border border-line bg-accent-soft px-2 text-[12px] leading-5 font-medium text-accent">
      default
    </span>
  );
}
