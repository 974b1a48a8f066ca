import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { operations } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';

import { useOperation } from '../../data.ts';
import { imageTitle, shortDigest } from '../../text/digest.ts';

const shown = 30;
const typingMs = 250;

interface ImagePickerProps {
  readonly label: string;
  readonly project: string | undefined;
  readonly value: string | undefined;
  readonly onChange: (digest: string | undefined) => void;
}

interface Choice {
  readonly digest: string;
  readonly names: readonly string[];
  readonly platform: string | null;
}

/** Selects an inspected image by name or digest. */
export function ImagePicker({ label, project, value, onChange }: ImagePickerProps): ReactNode {
  const [typed, setTyped] = useState('');
  const [text] = useDebouncedValue(typed.trim(), typingMs);
  const inProject = project === undefined ? {} : { project };
  const chosen = useOperation(
    operations.images.show,
    { params: { digest: value ?? '' }, query: inProject },
    { enabled: value !== undefined },
  ).data;
  const chosenLabel = chosen === undefined ? undefined : labelOf(chosen);
  // The field contains the label of the selected image, which is not a search.
  const isTyping = text !== '' && text !== chosenLabel;
  const list = useOperation(
    operations.images.list,
    { query: { ...inProject, limit: shown, ...(isTyping ? { text: text.slice(0, 200) } : {}) } },
    { keepPrevious: true },
  );
  const choices = new Map<string, string>();
  if (value !== undefined) choices.set(value, chosenLabel ?? shortDigest(value));
  for (const image of list.data?.items ?? []) {
    if (!choices.has(image.digest)) choices.set(image.digest, labelOf(image));
  }
  return (
    <Select
      label={label}
      placeholder="Name or digest"
      searchable
      clearable
      nothingFoundMessage="No matching images"
      data={[...choices].map(([digest, label]) => ({ value: digest, label: label }))}
      // The server filters.
      filter={({ options }) => options}
      value={value ?? null}
      onChange={(digest) => onChange(digest ?? undefined)}
      onSearchChange={setTyped}
    />
  );
}

function labelOf(image: Choice): string {
  const parts = [imageTitle(image), image.platform ?? '', shortDigest(image.digest)];
  return [...new Set(parts)].filter((part) => part !== '').join(' · ');
}
