/** `lazaret logs`: prints or follows the log of a job. */
import { operations, type LogChunk } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../../command/command.ts';
import { toUnreachable } from '../../connection/connection.ts';
import { checkIdStart, resolveId } from '../../connection/resolve-id.ts';
import { followStream } from '../../connection/follow-stream.ts';
import { check } from '../../command/check-values.ts';
import { fieldsOf, readFields } from '../../command/operation-flags.ts';
import { createLogSink } from '../../render/log-sink.ts';
import { printTerminalNote } from '../../render/print.ts';

const { log, follow } = operations.jobs;

export async function run(invocation: Invocation): Promise<void> {
  const { arguments: ids, flags } = invocation;
  const fields = fieldsOf(log.query);
  const query = readFields(fields, flags) as { attempt?: number; stream?: 'stdout' | 'stderr' };
  const [given = ''] = ids;
  checkIdStart('jobs', given);
  check(log.query, query, fields);
  const { client } = await invocation.connect();
  const params = { id: await resolveId(client, 'jobs', given) };
  const sink = createLogSink(invocation, { raw: flagOn(flags, 'raw'), to: 'stdout' });
  if (flagOn(flags, 'follow')) {
    const stream = followStream({
      open: (lastEventId, signal) =>
        client.stream(
          follow,
          { params, query },
          {
            signal,
            ...(lastEventId === undefined ? {} : { lastEventId }),
          },
        ),
      signal: new AbortController().signal,
      onLost: (reason) => printTerminalNote(invocation, `${reason}; retrying`),
    });
    for await (const { event, data } of stream) {
      if (event === 'log') await sink.write(data as LogChunk);
    }
  } else {
    const response = await client.open(log, { params, query });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        await sink.write({ text: decoder.decode(chunk, { stream: true }) });
      }
    } catch (error) {
      throw toUnreachable(error, flagText(flags, 'server') ?? 'the server') ?? error;
    }
    await sink.write({ text: decoder.decode() });
  }
  await sink.end();
}
