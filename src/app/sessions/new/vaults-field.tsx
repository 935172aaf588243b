// Which vaults a new session is given; nothing while the team has none.
"use client";

import { Name } from "../../components/name.tsx";
import { useVaults } from "../../vaults/use-vaults.ts";

type VaultsFieldProps = { chosen: readonly string[]; onChange: (vaultIds: readonly string[]) => void };

export function VaultsField({ chosen, onChange }: VaultsFieldProps) {
  const vaults = useVaults();
  if (!vaults.data || vaults.data.length === 0) return null;
  return (
    <fieldset className="grid min-w-0 gap-1">
      <legend className="mb-1 font-medium">Vaults</legend>
      {vaults.data.map(({ id, display_name }) => (
        <label key={id} className="flex items-center gap-2 wrap-anywhere max-md:min-h-[44px]">
          <input
            type="checkbox"
            className="size-4 shrink-0 accent-accent max-md:size-5"
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, id] : chosen.filter((other) => other !== id))
            }
          />
          <Name text={display_name} />
        </label>
      ))}
      <p className="text-muted">
        The sandbox gets placeholders; the values are put into its requests on their way out.
      </p>
    </fieldset>
  );
}
