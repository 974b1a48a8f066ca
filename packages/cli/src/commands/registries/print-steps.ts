/** Prints the steps of a check in aligned lines, each with its state in words and colour. */
import type { Invocation } from '../../command/command.ts';
import { writeOut } from '../../render/print.ts';
import { createStyle } from '../../render/style.ts';
import { visibleLine } from '../../render/visible-text.ts';

export interface Step {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly detail: string;
}

const colors = { ok: 'green', warning: 'yellow', failed: 'red', unknown: 'dim' } as const;

/** `footer` is the last line. */
export async function printSteps(
  invocation: Invocation,
  steps: readonly Step[],
  footer?: string,
): Promise<void> {
  const style = createStyle(invocation.settings.color.stdout);
  const nameChars = Math.max(0, ...steps.map(({ name }) => name.length));
  const stateChars = Math.max(0, ...steps.map(({ state }) => state.length));
  const lines = steps.map(({ name, state, detail }) => {
    const shown = style(colors[state], state.padEnd(stateChars));
    return `${shown}  ${name.padEnd(nameChars)}  ${visibleLine(detail)}`;
  });
  await writeOut(invocation, [...lines, ...(footer === undefined ? [] : [footer]), ''].join('\n'));
}
