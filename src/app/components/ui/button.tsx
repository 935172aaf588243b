// Buttons, and links that look like them (`asChild`).
import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { classNames } from "../class-names.ts";

const buttonStyle = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary: "border-transparent bg-accent text-on-accent hover:opacity-90",
        plain: "border-line bg-panel text-text hover:bg-sunken",
        quiet: "border-transparent bg-transparent text-muted hover:bg-sunken hover:text-text",
        danger: "border-danger/50 bg-panel text-danger hover:bg-danger-soft",
      },
      size: {
        normal: "h-8 px-3 max-md:h-[44px] max-md:px-4",
        small: "h-7 px-2 text-[13px] max-md:h-[44px] max-md:min-w-[44px]",
        icon: "size-8 max-md:size-[44px]",
      },
    },
    defaultVariants: { look: "plain", size: "normal" },
  },
);

type ButtonProps = ComponentProps<"button"> & VariantProps<typeof buttonStyle> & { asChild?: boolean };

export function Button({ className, look, size, asChild = false, type = "button", ...props }: ButtonProps) {
  const style = classNames(buttonStyle({ look, size }), className);
  if (asChild) return <Slot.Root className={style} {...props} />;
  return <button type={type} className={style} {...props} />;
}
