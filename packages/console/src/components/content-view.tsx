import { SegmentedControl } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { hexDump, readText } from '../text/hex-dump.ts';
import { VisibleText } from './visible-text.tsx';

interface ContentViewProps {
  readonly bytes: Uint8Array;
  /** Offset of the bytes in the file. */
  readonly offset?: number;
  /** Whether more of the file follows. */
  readonly isCut: boolean;
  /** Name of the content, for screen readers. */
  readonly label: string;
  /** Next to the switch. */
  readonly children?: ReactNode;
}

type View = 'text' | 'hex';

/** Bytes of a file as text or hexadecimal, whatever they claim to be: never as markup. */
export function ContentView(props: ContentViewProps): ReactNode {
  const { bytes, offset = 0, isCut, label, children } = props;
  const text = readText(bytes, isCut);
  const [asked, setAsked] = useState<View>();
  const view = asked ?? (text === undefined || offset > 0 ? 'hex' : 'text');
  return (
    <div className="stack tight">
      <div className="row between">
        <SegmentedControl
          size="xs"
          aria-label="Show as"
          value={view}
          onChange={(next) => setAsked(next === 'hex' ? 'hex' : 'text')}
          data={[
            { value: 'text', label: 'Text' },
            { value: 'hex', label: 'Hex' },
          ]}
        />
        {children}
      </div>
      <pre
        className={view === 'hex' ? 'code tall hex' : 'code wraps tall'}
        tabIndex={0}
        aria-label={label}
      >
        {view === 'hex' ? hexDump(bytes, offset) : <VisibleText text={text ?? asLatin1(bytes)} />}
      </pre>
    </div>
  );
}

/** One character for each byte: binary content is shown as text on request. */
function asLatin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
