import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

const TYPING_MILLISECONDS = 250;

/** A box for words to look for, which are told once typing pauses; `width` in CSS pixels, else all there is. */
export function SearchBox({
  label,
  placeholder,
  value,
  change,
  width,
}: {
  label: string;
  placeholder: string;
  value: string | undefined;
  change: (words: string | undefined) => void;
  width?: number;
}) {
  const [words, setWords] = useState(value ?? "");
  const told = useRef(value);
  const tell = useDebouncedCallback((typed: string) => {
    told.current = typed || undefined;
    change(told.current);
  }, TYPING_MILLISECONDS);
  // The way back in the browser, and whatever else changes the address, changes the words, too.
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setWords(value ?? "");
  }, [value]);
  return (
    <TextInput
      aria-label={label}
      placeholder={placeholder}
      value={words}
      onChange={(event) => {
        setWords(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
      {...(width && { w: width })}
    />
  );
}
