/** Shortened names of engines, nodes, users and projects: looked up if the name is unknown. */
import { limits, nearestName, operations, Problem, type Client } from '@lazaret/protocol';

import { exitCodes } from '../exit-code.ts';
import { Failure, usageFailure } from '../failure.ts';
import { callTimeout } from './connection.ts';

/** Nouns whose names may be shortened. */
export const namedNouns = ['engines', 'nodes', 'users', 'projects'] as const;
export type NamedNoun = (typeof namedNouns)[number];

const candidatesShown = 10;
const lists = {
  engines: operations.engines.list,
  nodes: operations.nodes.list,
  users: operations.access.userList,
  projects: operations.access.projectList,
} as const;

/** Calls with the name as given, or, if there is no such name, with the one that starts with it. */
export async function callByName<T>(
  client: Client,
  { noun, name }: { readonly noun: NamedNoun; readonly name: string },
  call: (name: string) => Promise<T>,
): Promise<T> {
  try {
    return await call(name);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'not_found') throw error;
    const whole = await resolveName(client, noun, name);
    // the name is known, so something else was not found
    if (whole === name) throw error;
    return call(whole);
  }
}

/** The whole name; throws a failure with the candidates or the nearest name. */
export async function resolveName(client: Client, noun: NamedNoun, name: string): Promise<string> {
  const known = await listNames(client, noun);
  if (known.includes(name)) return name;
  const found = known.filter((one) => one.startsWith(name));
  const [only, ...others] = found;
  if (only === undefined) throw unknownName(name, known, noun);
  if (others.length === 0) return only;
  throw usageFailure(`${JSON.stringify(name)} is ambiguous: ${found.length} ${noun} match`, {
    fields: found.slice(0, candidatesShown).map((one) => ({ path: '', message: one })),
    hint: 'Give more characters of the name.',
  });
}

/** Throws the failure with the nearest name, unless the name is known. */
export async function refuseUnknownName(
  client: Client,
  noun: NamedNoun,
  name: string,
): Promise<void> {
  const known = await listNames(client, noun);
  if (!known.includes(name)) throw unknownName(name, known, noun);
}

async function listNames(client: Client, noun: NamedNoun): Promise<readonly string[]> {
  const call = { query: { limit: limits.pageItemsMax } };
  const { items } = await client.call(lists[noun], call, { signal: callTimeout() });
  return items.map((item: { readonly name: string }) => item.name);
}

function unknownName(name: string, known: readonly string[], noun: NamedNoun): Failure {
  const nearest = nearestName(name, known);
  const question = nearest === undefined ? '' : `Did you mean ${nearest}? `;
  return new Failure(`no such ${noun.replace(/s$/, '')}: ${JSON.stringify(name)}`, {
    exitCode: exitCodes.notFound.code,
    hint: `${question}\`lazaret ${noun} list\` shows all ${noun}.`,
  });
}
