/** Positional arguments of resources: shortened IDs and names are resolved to full IDs. */
import type { Client, Operation } from '@lazaret/protocol';

import { namedNouns, resolveName, type NamedNoun } from '../connection/call-by-name.ts';
import { checkIdStart, resolveId, type IdNoun } from '../connection/resolve-id.ts';
import { paramsOf, takesSeveral, type CommandOperation } from './derive-command.ts';

const idNouns: readonly IdNoun[] = ['jobs', 'inspections', 'tokens', 'images', 'files'];

/** The noun whose ID the argument at this position is. */
function idNounAt(operation: CommandOperation, position: number): IdNoun | undefined {
  const name = paramsOf(operation)[takesSeveral(operation) ? 0 : position];
  // Other nouns have operations on images.
  if (name === 'digest') return 'images';
  const noun = idNouns.find((one) => one === nounOf(operation));
  const params = noun === 'images' ? ['digest', 'other'] : ['id', 'sha256'];
  return name !== undefined && params.includes(name) ? noun : undefined;
}

/** The noun whose name is the first argument. */
export function namedNounOf(operation: Operation): NamedNoun | undefined {
  const [first] = paramsOf(operation);
  return first === 'name' ? namedNouns.find((one) => one === nounOf(operation)) : undefined;
}

function nounOf({ name }: Operation): string {
  return name.split('.')[0] ?? '';
}

/** Whether an argument is resolved, so that it is validated afterwards. */
export function hasIds(operation: CommandOperation): boolean {
  return idNounAt(operation, 0) !== undefined;
}

/** Refuses what cannot be an ID before anything is sent. */
export function checkIds(operation: CommandOperation, given: readonly string[]): void {
  for (const [position, text] of given.entries()) {
    const noun = idNounAt(operation, position);
    if (noun !== undefined) checkIdStart(noun, text);
  }
}

/**
 * The arguments with full IDs. Names are only resolved if the user confirms them afterwards; other
 * commands first try them unchanged.
 */
export async function resolveArguments(
  client: Client,
  operation: CommandOperation,
  { given, isConfirmed }: { readonly given: readonly string[]; readonly isConfirmed: boolean },
): Promise<readonly string[]> {
  const noun = namedNounOf(operation);
  const resolved: string[] = [];
  for (const [position, text] of given.entries()) {
    const idNoun = idNounAt(operation, position);
    const isName = noun !== undefined && (position === 0 || takesSeveral(operation));
    if (idNoun !== undefined) resolved.push(await resolveId(client, idNoun, text));
    else if (isName && isConfirmed) resolved.push(await resolveName(client, noun, text));
    else resolved.push(text);
  }
  return resolved;
}
