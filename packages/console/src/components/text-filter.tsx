import { TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';

const typingMs = 300;

interface TextFilterProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly value: string;
  readonly onTyped: (text: string) => void;
}

/** A text filter that is applied when typing pauses, or on Enter. */
export function TextFilter({ label, icon, value, onTyped }: TextFilterProps): ReactNode {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    // The URL changed: by this field, a link, or the history.
    setSeen(value);
    if (value !== typed.trim()) setTyped(value);
  }
  const latest = useRef(onTyped);
  useEffect(() => {
    latest.current = onTyped;
  });
  useEffect(() => {
    if (typed.trim() === seen) return undefined;
    const timer = setTimeout(() => latest.current(typed), typingMs);
    return () => clearTimeout(timer);
  }, [typed, seen]);
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      leftSection={icon}
      value={typed}
      spellCheck={false}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onTyped(typed);
      }}
    />
  );
}
