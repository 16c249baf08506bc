import { ActionIcon, Tooltip } from "@mantine/core";
import { type LiHTMLAttributes, type ReactNode, useState } from "react";
import { DownIcon, HandleIcon, UpIcon } from "./icons.tsx";
import style from "./Moving.module.css";

/** What makes a row of a list one that is dragged by its handle; keys move it by the arrows beside it. */
export function useMoving({
  index,
  onDrag,
  onDragOver,
}: {
  index: number;
  onDrag: (index: number | null) => void;
  onDragOver: () => void;
}): { row: LiHTMLAttributes<HTMLLIElement>; handle: ReactNode } {
  // Only while the handle is held, so that text in the row can still be marked.
  const [isHeld, hold] = useState(false);
  return {
    row: {
      draggable: isHeld,
      onDragStart: (event) => {
        event.dataTransfer.effectAllowed = "move";
        // Some browsers drag nothing that has no data.
        event.dataTransfer.setData("text/plain", "");
        onDrag(index);
      },
      onDragEnter: onDragOver,
      onDragOver: (event) => event.preventDefault(),
      onDrop: (event) => event.preventDefault(),
      onDragEnd: () => {
        hold(false);
        onDrag(null);
      },
    },
    handle: (
      <span
        className={style.handle}
        aria-hidden="true"
        onPointerDown={() => hold(true)}
        onPointerUp={() => hold(false)}
      >
        <HandleIcon />
      </span>
    ),
  };
}

/** Moving a row by keys or by a tap. */
export function Arrows({
  name,
  index,
  last,
  onMove,
}: {
  name: string;
  index: number;
  last: number;
  onMove: (to: number) => void;
}) {
  return (
    <>
      <Deed label={`Move up: ${name}`} sign={<UpIcon />} isOff={index === 0} onClick={() => onMove(index - 1)} />
      <Deed label={`Move down: ${name}`} sign={<DownIcon />} isOff={index === last} onClick={() => onMove(index + 1)} />
    </>
  );
}

/** A small button with a sign; its label says what it does before a colon, and to what after it. */
export function Deed({
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
      {/* Not `disabled`: a row that arrives at the end would take the focus from whoever moves it by keys. */}
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={label}
        aria-disabled={isOff || undefined}
        data-disabled={isOff || undefined}
        onClick={() => !isOff && onClick()}
      >
        {sign}
      </ActionIcon>
    </Tooltip>
  );
}
