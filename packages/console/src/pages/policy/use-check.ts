/** Checks the document of an editor on the server while it is typed. */
import { operations, type PolicyCheck } from '@lazaret/protocol';
import { useDebouncedValue } from '@mantine/hooks';

import { useOperation } from '../../data.ts';
import type { EditorMark } from '../../components/code-editor.tsx';

const typingMs = 400;

export interface DocumentCheck {
  /** Of the text as it was when typing paused; undefined until the first result. */
  readonly data: PolicyCheck | undefined;
  readonly error: Error | null;
  /** The result is about an earlier text. */
  readonly isPending: boolean;
  readonly retry: () => void;
}

/** Without the permission nothing is checked. */
export function useCheck(document: string, isAllowed: boolean): DocumentCheck {
  const [checked] = useDebouncedValue(document, typingMs);
  const query = useOperation(
    operations.policies.validate,
    { body: { document: checked } },
    { keepPrevious: true, enabled: isAllowed },
  );
  const { data, error } = query;
  const isPending = checked !== document || query.isFetching;
  return { data, error, isPending, retry: () => void query.refetch() };
}

/** `rules[0].condition: `, which the position makes obvious. */
const fieldPath = /^[\w[\].-]+: /;

/** Faults and warnings with a position, for the editor. */
export function toMarks(check: PolicyCheck | undefined): EditorMark[] {
  const { faults = [], warnings = [] } = check ?? {};
  return [
    ...faults.map((fault) => ({ ...fault, tone: 'failed' as const })),
    ...warnings.map((fault) => ({ ...fault, tone: 'warning' as const })),
  ].flatMap(({ line, column, tone, message }) =>
    line === null
      ? []
      : [{ tone, line, column: column ?? 1, message: message.replace(fieldPath, '') }],
  );
}
