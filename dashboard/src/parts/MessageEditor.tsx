import { Button, CloseButton, Group, Menu, Text, TextInput } from "@mantine/core";
import { useEffect, useId, useRef } from "react";
import { lengthOf, type Segment, tidy } from "../words/message.ts";
import { count } from "../words/numbers.ts";
import style from "./MessageEditor.module.css";

// A place to put the caret where a chip stands last; it is no part of the text.
const REST = "\u200b";

/**
 * A message with its variables and variations as chips in the text; what each chip does stands below.
 *
 * The text is the browser's to edit. It is read after each input, and written anew only when it was changed elsewhere.
 */
export function MessageEditor({
  segments,
  onChange,
  names,
  limit,
  label,
  error,
}: {
  segments: Segment[];
  onChange: (segments: Segment[]) => void;
  names: Record<string, string>;
  limit: number | null;
  label: string;
  error?: string | undefined;
}) {
  const box = useRef<HTMLDivElement>(null);
  const shown = useRef<Segment[] | null>(null);
  const caret = useRef<Range | null>(null);
  const errorId = useId();
  const nameOf = (name: string) => names[name] ?? name;

  // biome-ignore lint/correctness/useExhaustiveDependencies: names only label what is written here.
  useEffect(() => {
    if (!box.current || shown.current === segments) return;
    write(box.current, segments, nameOf);
    shown.current = segments;
    // Where the caret was is gone with what was there.
    caret.current = null;
  }, [segments]);

  function tell(): void {
    if (!box.current) return;
    const now = read(box.current);
    shown.current = now;
    onChange(now);
  }

  function keepCaret(): void {
    const selection = window.getSelection();
    if (!box.current || !selection?.rangeCount) return;
    const range = selection.getRangeAt(0);
    if (box.current.contains(range.commonAncestorContainer)) caret.current = range.cloneRange();
  }

  function insert(segment: Segment): void {
    if (!box.current) return;
    const range = caret.current ?? endOf(box.current);
    range.deleteContents();
    const rest = document.createTextNode(REST);
    range.insertNode(rest);
    range.insertNode(chip(segment, nameOf));
    box.current.focus();
    window.getSelection()?.setPosition(rest, 1);
    keepCaret();
    tell();
  }

  function replace(at: number, segment: Segment | null): void {
    onChange(tidy(segments.flatMap((old, index) => (index === at ? (segment ? [segment] : []) : [old]))));
  }

  const { least, most } = lengthOf(segments);
  const isLong = limit !== null && most > limit;
  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: no element of a form can hold chips in its text. */}
      <div
        ref={box}
        className={style.box}
        contentEditable="plaintext-only"
        suppressContentEditableWarning
        role="textbox"
        tabIndex={0}
        aria-multiline="true"
        aria-label={label}
        aria-invalid={Boolean(error) || undefined}
        aria-describedby={error ? errorId : undefined}
        onInput={tell}
        onKeyUp={keepCaret}
        onMouseUp={keepCaret}
        onBlur={keepCaret}
      />
      {error && (
        <Text id={errorId} size="xs" c="var(--mantine-color-error)" mt={4}>
          {error}
        </Text>
      )}
      <Group justify="space-between" mt={6} gap="xs">
        <Group gap={6}>
          {/* What is chosen goes into the text, and one writes on behind it: the focus goes there, not to the button. */}
          <Menu position="bottom-start" returnFocus={false}>
            <Menu.Target>
              <Button size="compact-xs" variant="default">
                + Variable
              </Button>
            </Menu.Target>
            <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
              {Object.entries(names).map(([name, words]) => (
                <Menu.Item key={name} onClick={() => insert({ type: "variable", name, fallback: null })}>
                  {words}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <Button size="compact-xs" variant="default" onClick={() => insert({ type: "variation", options: ["", ""] })}>
            + Variation
          </Button>
        </Group>
        <Text size="xs" className="figures" c={isLong ? "var(--mantine-color-error)" : "dimmed"}>
          {least === most ? count(most) : `${count(least)}–${count(most)}`}
          {limit === null ? " characters" : ` of ${count(limit)} characters`}
        </Text>
      </Group>
      {segments.map((segment, index) =>
        segment.type === "variable" ? (
          <Group key={`${segment.name}-${place(segments, index)}`} gap="sm" mt={8} wrap="nowrap" align="center">
            <Text size="sm" className={style.chipName}>
              {nameOf(segment.name)}
            </Text>
            <TextInput
              size="xs"
              className={style.fill}
              aria-label={`What to write where ${nameOf(segment.name)} is not known`}
              placeholder="If unknown, write … (left empty: the lead is held)"
              value={segment.fallback ?? ""}
              onChange={(event) => replace(index, { ...segment, fallback: event.currentTarget.value || null })}
            />
            <CloseButton
              size="sm"
              aria-label={`Remove the variable ${nameOf(segment.name)}`}
              onClick={() => replace(index, null)}
            />
          </Group>
        ) : segment.type === "variation" ? (
          <Variation
            key={`variation-${place(segments, index)}`}
            number={place(segments, index) + 1}
            options={segment.options}
            onChange={(options) => replace(index, options.length ? { type: "variation", options } : null)}
          />
        ) : null,
      )}
    </div>
  );
}

function Variation({
  number,
  options,
  onChange,
}: {
  number: number;
  options: string[];
  onChange: (options: string[]) => void;
}) {
  return (
    <fieldset className={style.variation}>
      <legend>Variation {number}: each lead gets one of these, always the same</legend>
      {options.map((option, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an option is known by its place alone.
        <Group key={index} gap="xs" wrap="nowrap">
          <TextInput
            size="xs"
            className={style.fill}
            aria-label={`Option ${index + 1}`}
            placeholder={`Option ${index + 1}`}
            value={option}
            onChange={(event) => onChange(options.map((old, at) => (at === index ? event.currentTarget.value : old)))}
          />
          <CloseButton
            size="sm"
            aria-label={`Remove option ${index + 1}`}
            onClick={() => onChange(options.filter((_, at) => at !== index))}
          />
        </Group>
      ))}
      <Button size="compact-xs" variant="subtle" className={style.add} onClick={() => onChange([...options, ""])}>
        + Option
      </Button>
    </fieldset>
  );
}

/** The how-many-eth of its like a segment is; that is what it is known by while texts around it change. */
function place(segments: Segment[], index: number): number {
  const likes = (segment: Segment | undefined) => {
    const own = segments[index];
    return segment?.type === own?.type && (own?.type !== "variable" || (segment as typeof own).name === own.name);
  };
  return segments.slice(0, index).filter(likes).length;
}

function write(box: HTMLElement, segments: Segment[], nameOf: (name: string) => string): void {
  const nodes = segments.flatMap((segment): Node[] =>
    segment.type === "static"
      ? [document.createTextNode(segment.text)]
      : [chip(segment, nameOf), document.createTextNode(REST)],
  );
  box.replaceChildren(...nodes);
}

function chip(segment: Segment, nameOf: (name: string) => string): HTMLElement {
  const element = document.createElement("span");
  element.contentEditable = "false";
  element.className = style.chip ?? "";
  element.dataset.segment = JSON.stringify(segment);
  if (segment.type === "variable") element.textContent = nameOf(segment.name);
  if (segment.type === "variation") element.textContent = segment.options.filter(Boolean).join(" | ") || "variation";
  return element;
}

function read(box: HTMLElement): Segment[] {
  const segments: Segment[] = [];
  const visit = (node: Node): void => {
    if (node instanceof HTMLElement && node.dataset.segment) {
      segments.push(JSON.parse(node.dataset.segment) as Segment);
    } else if (node instanceof HTMLBRElement) {
      segments.push({ type: "static", text: "\n" });
    } else if (node.nodeType === Node.TEXT_NODE) {
      segments.push({ type: "static", text: (node.textContent ?? "").replaceAll(REST, "") });
    } else {
      node.childNodes.forEach(visit);
    }
  };
  box.childNodes.forEach(visit);
  return tidy(segments);
}

function endOf(box: HTMLElement): Range {
  const range = document.createRange();
  range.selectNodeContents(box);
  range.collapse(false);
  return range;
}
