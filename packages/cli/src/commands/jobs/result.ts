/** `lazaret result`: the result of a job, one of its artifacts, or all of them. */
import { operations } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { usageFailure } from '../../failure.ts';
import { checkIdStart, resolveId } from '../../connection/resolve-id.ts';
import { printStructured, printTerminalNote, writeOut } from '../../render/print.ts';
import { saveAll, saveResult, type SavedFile } from './save-result.ts';

export async function run(invocation: Invocation): Promise<void> {
  const { arguments: ids, flags, settings } = invocation;
  const [given = ''] = ids;
  const { outputFile } = settings;
  const path = flagText(flags, 'path');
  const isAll = flagOn(flags, 'all');
  if (isAll && outputFile === undefined) {
    throw usageFailure('--all writes several files and needs a directory', {
      hint: 'Add --output-file DIR (-O DIR).',
    });
  }
  if (isAll && path !== undefined) throw usageFailure('give either --all or --path, not both');
  checkIdStart('jobs', given);
  const { client } = await invocation.connect();
  const params = { id: await resolveId(client, 'jobs', given) };
  const job = await client.call(operations.jobs.show, { params });
  if (outputFile === undefined) {
    if (settings.format !== 'raw') return printStructured(invocation, job.artifacts);
    await saveResult(invocation, client, { job, path, to: undefined, raw: flagOn(flags, 'raw') });
    return;
  }
  const saved = isAll
    ? await saveAll(invocation, client, { job, directory: outputFile })
    : [await saveResult(invocation, client, { job, path, to: outputFile, raw: false })].flatMap(
        (one) => one ?? [],
      );
  await printSaved(invocation, saved, isAll);
}

/** As JSON or YAML what was written where; otherwise paths, which a pipe gets of `--all` only. */
async function printSaved(
  invocation: Invocation,
  saved: readonly SavedFile[],
  isAll: boolean,
): Promise<void> {
  if (invocation.settings.format !== 'raw') return printStructured(invocation, saved);
  if (isAll) return writeOut(invocation, saved.map(({ file }) => `${file}\n`).join(''));
  for (const { file } of saved) await printTerminalNote(invocation, `Written to ${file}`);
}
