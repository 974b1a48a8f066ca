/** `lazaret result`: the result of a job, one of its artifacts, or all of them. */
import { operations } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { check } from '../operation-command.ts';
import { tellPerson, writeOut } from '../render/print.ts';
import { saveAll, saveResult } from '../save-result.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { arguments: ids, flags } = invocation;
  const params = { id: ids[0] ?? '' };
  const to = flagText(flags, 'output');
  const path = flagText(flags, 'path');
  const isAll = flagOn(flags, 'all');
  if (isAll && (to === undefined || to === '-')) {
    throw usageFailure('--all writes several files and needs a directory', { hint: 'Add -o DIR.' });
  }
  if (isAll && path !== undefined) throw usageFailure('give either --all or --path, not both');
  check(operations.jobs.show.params, params, []);
  const { client } = await invocation.connect();
  const job = await client.call(operations.jobs.show, { params });
  if (isAll && to !== undefined) {
    const written = await saveAll(invocation, client, { job, directory: to });
    await writeOut(invocation, written.map((file) => `${file}\n`).join(''));
    return;
  }
  const raw = flagOn(flags, 'raw');
  await saveResult(invocation, client, { job, path, to: to ?? '-', raw });
  if (to !== undefined && to !== '-') await tellPerson(invocation, `Written to ${to}`);
}
