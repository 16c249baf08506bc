import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { CloseIcon, CopyIcon } from "../../parts/icons.tsx";
import { Arrows, Deed, useMoving } from "../../parts/Moving.tsx";
import type { Draft } from "../../words/steps.ts";
import style from "./Sequence.module.css";

/** What stands around each step: what it is, when it comes, and moving, duplicating and removing it. */
export function StepFrame({
  draft,
  when,
  index,
  last,
  isDragged,
  onDrag,
  onDragOver,
  onMove,
  onCopy,
  onRemove,
  children,
}: {
  draft: Draft;
  when: string;
  index: number;
  last: number;
  isDragged: boolean;
  onDrag: (index: number | null) => void;
  onDragOver: () => void;
  onMove: (to: number) => void;
  onCopy: () => void;
  onRemove: () => void;
  children: ReactNode;
}) {
  const { row, handle } = useMoving({ index, onDrag, onDragOver });
  const kind = { message: "Message", delay: "Wait", like: "Like" }[draft.step.type];
  const name = `${kind.toLowerCase()}, step ${index + 1}`;
  return (
    <li className={style.step} data-kind={draft.step.type} data-dragged={isDragged || undefined} {...row}>
      <div className={style.stepHead}>
        {handle}
        <Text size="sm" fw={600}>
          {kind}
        </Text>
        {draft.step.type !== "delay" && (
          <Text size="xs" c="dimmed">
            {when}
          </Text>
        )}
        <span className={style.stepDeeds}>
          <Arrows name={name} index={index} last={last} onMove={onMove} />
          <Deed label={`Duplicate: ${name}`} sign={<CopyIcon />} onClick={onCopy} />
          <Deed label={`Remove: ${name}`} sign={<CloseIcon />} onClick={onRemove} />
        </span>
      </div>
      {children}
    </li>
  );
}
