/** `lazaret logs`: the log of a job, at once or as it grows. */
import { operations, type LogChunk } from '@lazaret/protocol';

import { flagOn, flagText, type Invocation } from '../command.ts';
import { asUnreachable } from '../connection.ts';
import { followStream } from '../follow-stream.ts';
import { check } from '../operation-command.ts';
import { fieldsOf, readFields } from '../operation-flags.ts';
import { createLogSink } from '../render/log-sink.ts';
import { tellPerson } from '../render/print.ts';

const { log, follow } = operations.jobs;

export async function run(invocation: Invocation): Promise<void> {
  const { arguments: ids, flags } = invocation;
  const params = { id: ids[0] ?? '' };
  const fields = fieldsOf(log.query);
  const query = readFields(fields, flags) as { attempt?: number; stream?: 'stdout' | 'stderr' };
  check(log.params, params, []);
  check(log.query, query, fields);
  const { client } = await invocation.connect();
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
      onLost: (reason) => tellPerson(invocation, `${reason}; trying again`),
    });
    for await (const { event, data } of stream) {
      if (event === 'log') await sink.write(data as LogChunk);
    }
  } else {
    const response = await client.open(log, { params, query });
    const decoder = new TextDecoder();
    try {
      for await (const piece of response.body ?? []) {
        await sink.write({ text: decoder.decode(piece, { stream: true }) });
      }
    } catch (error) {
      throw asUnreachable(error, flagText(flags, 'server') ?? 'the server') ?? error;
    }
    await sink.write({ text: decoder.decode() });
  }
  await sink.end();
}
