// One-line text input, multi-line text input and select, in one look.
import type { ComponentProps } from "react";
import { classNames } from "../class-names.ts";

const controlStyle =
  "w-full rounded-md border border-strong-line bg-panel px-2.5 text-text disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-danger max-md:text-[16px]";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={classNames(controlStyle, "h-8 max-md:h-[44px]", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={classNames(controlStyle, "block field-sizing-content py-1.5", className)} {...props} />;
}

export function Select({ className, ...props }: ComponentProps<"select">) {
  return <select className={classNames(controlStyle, "h-8 max-md:h-[44px]", className)} {...props} />;
}
