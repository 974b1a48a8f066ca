import { describe, expect, it } from 'vitest';

import { commandList } from './command/command-list.ts';
import { commandOperations } from './command/derive-command.ts';
import { deriveCommands, formatReference, readStored } from './reference.ts';

const advice = 'run: node packages/cli/src/reference.ts';

describe('the stored reference', () => {
  it('contains the commands that the operations declare', async () => {
    const { derived } = await readStored();
    expect(derived, advice).toEqual(JSON.parse(JSON.stringify(deriveCommands())));
  });

  it('is the page of the current command tree', async () => {
    const { page } = await readStored();
    expect(page, advice).toBe(await formatReference());
  });

  it('has a command for each operation that declares one', () => {
    const words = new Set(commandList.map((spec) => spec.words));
    const missing = commandOperations().filter(({ cli }) => !words.has(cli.command));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('names no command twice', () => {
    const words = commandList.map((spec) => spec.words);
    expect(words).toEqual([...new Set(words)]);
  });
});
