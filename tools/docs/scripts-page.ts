/** Writes the tables about collector scripts to docs/scripts.md, between their markers. */
import { scriptOutcomes } from '@lazaret/protocol';

import { steeringVariables } from '../../packages/server/src/scripts/environment.ts';
import { fillTables } from './fill-tables.ts';
import { code, formatTable } from './table.ts';

export function fillScripts(page: string): string {
  return fillTables(page, {
    variables: () =>
      formatTable([
        ['not passed on', 'because they'],
        ...steeringVariables.map(({ names, reason }) => [names.map(code).join(', '), reason]),
      ]),
    outcomes: () =>
      formatTable([
        ['outcome', 'meaning'],
        ...Object.entries(scriptOutcomes).map(([name, meaning]) => [code(name), meaning]),
      ]),
  });
}
