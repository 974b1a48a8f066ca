/** Runs a reader on bytes like the walk does. */
import type { Fact, PackageFact, DiagnosticFact } from '@lazaret/protocol';

import { ReadError } from '../reader.ts';
import type { Reader } from '../reader.ts';

/** The emitted facts; a ReadError becomes the last one, as in the walk. */
export async function readFacts(
  reader: Reader,
  path: string,
  content: Uint8Array | string,
): Promise<Fact[]> {
  const bytes = Buffer.from(content);
  const facts: Fact[] = [];
  const place = { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtimeMs: 0 } as const;
  try {
    await reader.read({ ...place, sizeBytes: bytes.length, bytes }, (fact) => facts.push(fact));
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    const { reason, message: detail } = error;
    facts.push({ kind: 'diagnostic', path, reader: reader.id, reason, detail });
  }
  return facts;
}

export function packagesOf(facts: readonly Fact[]): PackageFact[] {
  return facts.filter((fact) => fact.kind === 'package');
}

export function unknownsOf(facts: readonly Fact[]): DiagnosticFact[] {
  return facts.filter((fact) => fact.kind === 'diagnostic');
}

export function purlsOf(facts: readonly Fact[]): string[] {
  return packagesOf(facts).map(({ purl }) => purl);
}
