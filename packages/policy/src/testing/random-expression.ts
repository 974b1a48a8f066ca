/** Random texts of expressions over the catalogue; most of them do not pass the type check. */
import fc from 'fast-check';

import { variables } from '../expression/catalogue.ts';
import { functions } from '../expression/functions.ts';
import type { ValueType } from '../expression/value-type.ts';

/** Paths of fields from a variable, and elements of lists, with their types. */
function pathsOf(name: string, type: ValueType, depth = 0): { text: string; type: ValueType }[] {
  const own = [{ text: name, type }];
  if (depth > 2) return own;
  if (type.kind === 'list') return [...own, ...pathsOf(`${name}[0]`, type.element, depth + 1)];
  if (type.kind !== 'record') return own;
  return [
    ...own,
    ...[...type.fields].flatMap(([field, { type: of }]) =>
      pathsOf(`${name}.${field}`, of, depth + 1),
    ),
  ];
}

const paths = [...variables].flatMap(([name, { type }]) => pathsOf(name, type));
// evidence of findings has no types
const typed = paths.filter(({ text, type }) => type.kind !== 'dyn' && !text.includes('evidence'));
const constants = [
  '1',
  '-2',
  '1.5',
  '"a"',
  '"critical"',
  'true',
  'duration("1h")',
  '[1, 2]',
  '["a"]',
];

export const { expression: randomExpression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...constants),
    fc.constantFrom(...typed).map(({ text }) => text),
    fc
      .constantFrom(...typed.filter(({ text }) => text.includes('.')))
      .map(({ text }) => `has(${text})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('&&', '||', '==', '!=', '<', '>=', '+', '-', '*', '/', '%', 'in'),
        tie('expression'),
      )
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(fc.constantFrom('!', '-'), tie('expression')).map(([sign, a]) => `${sign}(${a})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('exists', 'all', 'filter', 'map', 'exists_one'),
        fc.constantFrom('x', 'y'),
        tie('expression'),
      )
      .map(([list, macro, name, body]) => `${list}.${macro}(${name}, ${body})`),
    fc
      .tuple(
        fc.constantFrom(...functions),
        fc.array(tie('expression'), { minLength: 3, maxLength: 3 }),
      )
      .map(([{ name, receiver, parameters }, args]) => {
        const list = args.slice(0, parameters.length).join(', ');
        return receiver === undefined ? `${name}(${list})` : `${args[2] ?? ''}.${name}(${list})`;
      }),
  ),
}));
