import { TextInput } from "@mantine/core";
import { useState } from "react";
import type { Column } from "../api/types.ts";
import { useAction } from "./action.ts";
import style from "./Cell.module.css";

/** A value of a row, edited in place: Enter or leaving the field saves it, Escape leaves it as it was. */
export function Cell({
  label,
  value,
  type,
  save,
}: {
  label: string;
  value: unknown;
  type: Column["type"];
  save: (value: unknown) => Promise<unknown>;
}) {
  const text = value === null || value === undefined ? "" : String(value);
  const [edited, setEdited] = useState<string | null>(null);
  const change = useAction({
    run: (given: unknown) => save(given),
    renews: ["lists"],
    after: () => setEdited(null),
  });

  function keep(): void {
    if (edited === null || change.isPending) return;
    if (edited === text) setEdited(null);
    else change.mutate(typed(edited, type));
  }

  if (edited === null) {
    return (
      <button
        type="button"
        className={style.cell}
        aria-label={`${label}: ${text || "empty"}. Edit`}
        onClick={() => setEdited(text)}
      >
        {text || <span className="soft">–</span>}
      </button>
    );
  }
  return (
    <TextInput
      size="xs"
      aria-label={label}
      value={edited}
      onChange={(event) => setEdited(event.currentTarget.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === "Enter") keep();
        if (event.key === "Escape") setEdited(null);
      }}
      autoFocus
    />
  );
}

/** What was typed, as the column's type wants it; what does not fit is sent as typed, and the server says why not. */
function typed(text: string, type: Column["type"]): unknown {
  const given = text.trim();
  if (given === "") return null;
  if (type === "number" && Number.isFinite(Number(given))) return Number(given);
  if (type === "boolean" && /^(true|yes|1)$/i.test(given)) return true;
  if (type === "boolean" && /^(false|no|0)$/i.test(given)) return false;
  return given;
}
