/** `lazaret policy validate` */
import { plural } from '@lazaret/protocol';

import type { Invocation } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { cliLimits } from '../../limits.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { createStyle, type Style } from '../../render/style.ts';
import { visibleLine } from '../../render/visible-text.ts';
import { describe, findPolicies, findTestFile, loadPolicy, placeOf } from './load-policy.ts';
import type { LoadedPolicy } from './load-policy.ts';
import { readTests, type TestFile } from './read-tests.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { shell, settings } = invocation;
  const checked: Checked[] = [];
  for (const path of await findPolicies(invocation)) {
    const loaded = await loadPolicy(shell, path);
    const testFile = await findTestFile(path);
    const tests =
      loaded.policy === undefined || testFile === undefined
        ? undefined
        : await readTests(shell, testFile, loaded.policy);
    checked.push({ loaded, tests });
  }
  if (settings.output !== 'table') {
    await printStructured(invocation, checked.map(toJson));
  } else if (!settings.quiet) {
    const style = createStyle(settings.color.stdout);
    await writeOut(invocation, checked.map((one) => formatOne(one, style)).join(''));
  }
  return checked.every(isValid) ? exitCodes.ok.code : exitCodes.failure.code;
}

interface Checked {
  readonly loaded: LoadedPolicy;
  readonly tests: TestFile | undefined;
}

function isValid({ loaded, tests }: Checked): boolean {
  return loaded.faults.length === 0 && (tests?.faults.length ?? 0) === 0;
}

function toJson({ loaded, tests }: Checked): unknown {
  const { path, policy, faults, notes } = loaded;
  return {
    file: path,
    valid: isValid({ loaded, tests }),
    name: policy?.name,
    rules: policy?.rules.map(({ id }) => id),
    faults: [...faults, ...(tests?.faults ?? [])],
    warnings: policy?.warnings ?? [],
    notes,
  };
}

function formatOne({ loaded, tests }: Checked, style: Style): string {
  const { path, policy, faults, notes } = loaded;
  const lines = [
    ...faults.map((fault) =>
      formatLine(style('red', 'error'), placeOf(path, fault), describe(fault)),
    ),
    ...(tests?.faults ?? []).map((fault) =>
      formatLine(style('red', 'error'), placeOf(tests?.path ?? path, fault), describe(fault)),
    ),
    ...(policy?.warnings ?? []).map((fault) =>
      formatLine(style('yellow', 'warning'), placeOf(path, fault), describe(fault)),
    ),
    ...notes.slice(0, cliLimits.notesShown).map((note) => formatLine('note', path, note)),
    ...(notes.length > cliLimits.notesShown
      ? [formatLine('note', path, `and ${notes.length - cliLimits.notesShown} more; see -o json`)]
      : []),
  ];
  if (policy === undefined || !isValid({ loaded, tests })) return lines.join('');
  const count = policy.tests.length + (tests?.tests.length ?? 0);
  const summary = [
    plural(policy.rules.length, 'rule'),
    plural(policy.exceptions.length + loaded.exceptions.length, 'exception'),
    plural(count, 'test'),
  ].join(', ');
  const ok = `${style('green', 'valid')}: ${visibleLine(path)}: ${policy.name}, ${summary}\n`;
  return `${lines.join('')}${ok}`;
}

function formatLine(kind: string, place: string, message: string): string {
  return `${kind}: ${visibleLine(place)}: ${visibleLine(message)}\n`;
}
