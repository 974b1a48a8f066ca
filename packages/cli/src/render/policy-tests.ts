/** Results of the test cases of policies as text. */
import type { TestResult } from '@lazaret/policy';
import { plural } from '@lazaret/protocol';

import type { RowOptions } from './aligned-rows.ts';
import { wrapLabelled } from './wrap-labelled.ts';
import { visibleLine } from './visible-text.ts';

interface PolicyRun {
  readonly file: string;
  readonly tests: readonly TestResult[];
}

export function formatTestRun(runs: readonly PolicyRun[], options: RowOptions): string {
  const { style } = options;
  const tests = runs.flatMap((run) => run.tests);
  const failed = tests.filter(({ passed }) => !passed).length;
  const passed = tests.length - failed;
  const counts = [
    ...(failed > 0 ? [style('red', `${failed} failed`)] : []),
    style(failed > 0 ? 'dim' : 'green', `${passed} passed`),
  ].join(', ');
  const policies = runs.length === 1 ? '' : ` of ${plural(runs.length, 'policy', 'policies')}`;
  const body = runs.map((run) => formatRun(run, options)).join('');
  return `${body}${plural(tests.length, 'test')}${policies}: ${counts}\n`;
}

function formatRun({ file, tests }: PolicyRun, options: RowOptions): string {
  const { style } = options;
  const lines = tests.flatMap(({ name, passed, differences, problems }) => [
    ...wrapLabelled(
      `${passed ? style('green', '✓') : style('red', '✗')} `,
      visibleLine(name),
      options,
    ),
    ...problems.flatMap((problem) => wrapLabelled('    ', visibleLine(problem), options)),
    ...differences.flatMap(({ what, expected, actual, reason }) => [
      `    ${style('bold', what)}`,
      ...wrapLabelled(`      ${style('green', '- expected')}  `, visibleLine(expected), options),
      ...wrapLabelled(`      ${style('red', '+ actual')}    `, visibleLine(actual), options),
      ...(reason === undefined
        ? []
        : wrapLabelled(`      ${style('dim', 'because')}     `, visibleLine(reason), options)),
    ]),
  ]);
  return `${style('bold', visibleLine(file))}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
