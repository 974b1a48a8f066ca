import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

import { dayFromNow } from '../../time.ts';

const usualDays = 90;

/** The last day of an exception if nothing else is entered. */
export function laterDay(): string {
  return dayFromNow(usualDays);
}

interface ExpiryInputProps {
  readonly label: string;
  readonly value: string;
  readonly error?: string | undefined;
  readonly onChange: (value: string) => void;
}

/** The last day of an exception. */
export function ExpiryInput({ label, value, error, onChange }: ExpiryInputProps): ReactNode {
  return (
    <TextInput
      type="date"
      label={label}
      description="The last day, until its end in UTC"
      required
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
