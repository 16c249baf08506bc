import { ActionIcon, Text, Tooltip } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { CloseIcon, CopyIcon, DownIcon, HandleIcon, UpIcon } from "../../parts/icons.tsx";
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
  const [isHeld, hold] = useState(false);
  const kind = { message: "Message", delay: "Wait", like: "Like" }[draft.step.type];
  const name = `${kind.toLowerCase()}, step ${index + 1}`;
  return (
    <li
      className={style.step}
      data-kind={draft.step.type}
      data-dragged={isDragged || undefined}
      draggable={isHeld}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = "move";
        onDrag(index);
      }}
      onDragEnter={onDragOver}
      onDragOver={(event) => event.preventDefault()}
      onDragEnd={() => {
        hold(false);
        onDrag(null);
      }}
    >
      <div className={style.stepHead}>
        {/* Keys move a step by the arrows beside it; this is for the mouse alone. */}
        <span
          className={style.handle}
          aria-hidden="true"
          onPointerDown={() => hold(true)}
          onPointerUp={() => hold(false)}
        >
          <HandleIcon />
        </span>
        <Text size="sm" fw={600}>
          {kind}
        </Text>
        {draft.step.type !== "delay" && (
          <Text size="xs" c="dimmed">
            {when}
          </Text>
        )}
        <span className={style.stepDeeds}>
          <Deed label={`Move up: ${name}`} sign={<UpIcon />} isOff={index === 0} onClick={() => onMove(index - 1)} />
          <Deed
            label={`Move down: ${name}`}
            sign={<DownIcon />}
            isOff={index === last}
            onClick={() => onMove(index + 1)}
          />
          <Deed label={`Duplicate: ${name}`} sign={<CopyIcon />} onClick={onCopy} />
          <Deed label={`Remove: ${name}`} sign={<CloseIcon />} onClick={onRemove} />
        </span>
      </div>
      {children}
    </li>
  );
}

function Deed({
  label,
  sign,
  isOff = false,
  onClick,
}: {
  label: string;
  sign: ReactNode;
  isOff?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip label={label.split(":")[0]}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} disabled={isOff} onClick={onClick}>
        {sign}
      </ActionIcon>
    </Tooltip>
  );
}
