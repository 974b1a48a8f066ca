/**
 * Collects data in a tar that no tool unpacks: after its end and in the padding between entries.
 * Legitimate layers have none, so it is scanned and reported as a finding.
 */
import type { Gap } from '@lazaret/protocol';

import type { HiddenBytes } from '../../archive/tar-entry.ts';
import { inspectionLimits } from './limits.ts';
import { structureFinding } from './structure-findings.ts';
import type { ExtraContent, OfFile, RecordedFinding } from './tree-record.ts';

type Place = HiddenBytes['place'];

const descriptions: Readonly<Record<Place, { rule: string; path: string; title: string }>> = {
  'after-end': {
    rule: 'data-after-end',
    path: '(after the end of the archive)',
    title: 'Data after the end of the layer, where no tool unpacks it',
  },
  padding: {
    rule: 'data-in-padding',
    path: '(padding between entries)',
    title: 'Data in the padding between entries of the layer, where no tool unpacks it',
  },
};

export class HiddenStore {
  readonly #parts = new Map<Place, { bytes: Buffer[]; sizeBytes: number }>();

  add({ place, bytes }: HiddenBytes): void {
    const part = this.#parts.get(place) ?? { bytes: [], sizeBytes: 0 };
    this.#parts.set(place, part);
    const room = inspectionLimits.hiddenBytes - part.sizeBytes;
    part.sizeBytes += bytes.length;
    if (room > 0) part.bytes.push(Buffer.from(bytes.subarray(0, room)));
  }

  *extraContent(): Generator<ExtraContent> {
    for (const [place, { bytes }] of this.#parts) {
      const whole = Buffer.concat(bytes);
      bytes.length = 0;
      yield { path: descriptions[place].path, bytes: whole };
    }
  }

  findings(): OfFile<RecordedFinding>[] {
    return [...this.#parts].map(([place, { sizeBytes }]) => {
      const { rule, title, path } = descriptions[place];
      return [-1, { ...structureFinding(rule, title, path), evidence: { bytes: sizeBytes } }];
    });
  }

  gaps(): Gap[] {
    return [...this.#parts].flatMap(([place, { sizeBytes }]): Gap[] => {
      if (sizeBytes <= inspectionLimits.hiddenBytes) return [];
      const detail = `${sizeBytes} bytes, of which ${inspectionLimits.hiddenBytes} were scanned`;
      return [{ by: 'unpacking', reason: 'too_large', detail, path: descriptions[place].path }];
    });
  }
}
