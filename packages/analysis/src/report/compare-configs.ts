/** Fields of two images' configurations that differ. */
import type { ConfigDifference, InspectionReport } from '@lazaret/protocol';

/** Lists of `KEY=value` and labels are compared entry by entry; the history is omitted. */
export function compareConfigs(
  before: InspectionReport,
  after: InspectionReport,
): ConfigDifference[] {
  const first = fieldsOf(before);
  const second = fieldsOf(after);
  return [...new Set([...first.keys(), ...second.keys()])].toSorted().flatMap((field) => {
    const old = first.get(field);
    const now = second.get(field);
    if (old === now) return [];
    return {
      field,
      ...(old === undefined ? {} : { before: old }),
      ...(now === undefined ? {} : { after: now }),
    };
  });
}

/** Lists whose order has no meaning. */
const unordered: readonly string[] = ['exposedPorts', 'volumes'];

/** Values as JSON, by names such as `env.PATH`. */
function fieldsOf({ image, distribution }: InspectionReport): ReadonlyMap<string, string> {
  const { config } = image ?? {};
  const { history: _, env, labels, ...rest } = config ?? { history: [] };
  const values: readonly (readonly [string, unknown])[] = [
    ['distribution', distribution?.prettyName ?? distribution?.id],
    ...Object.entries(image?.platform ?? {}).map(
      ([name, one]) => [`platform.${name}`, one] as const,
    ),
    ...Object.entries(rest),
    ...Object.entries(labels ?? {}).map(([name, one]) => [`labels.${name}`, one] as const),
    ...(env ?? []).map(readVariable),
  ];
  return new Map(
    values
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, JSON.stringify(inOrder(name, value))]),
  );
}

function readVariable(entry: string): readonly [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [`env.${entry}`, ''] : [`env.${entry.slice(0, at)}`, entry.slice(at + 1)];
}

function inOrder(name: string, value: unknown): unknown {
  return unordered.includes(name) && Array.isArray(value) ? value.toSorted() : value;
}
