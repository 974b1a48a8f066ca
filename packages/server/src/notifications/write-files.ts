/** Targets of kind `file`: events as JSON lines, or the files of Banyan Collector. */
import { resolve } from 'node:path';

import type { TargetLayout } from '@lazaret/protocol';

import { appendWhole, type FilePlace } from './append-file.ts';
import { notificationLimits } from './limits.ts';
import { toPayload, type Message } from './message.ts';
import { toReason, type Sender, type SendParts, type SendResult } from './sender.ts';
import type { Target } from './target-store.ts';
import { writeCollector } from './write-collector.ts';

type Writer = (
  messages: readonly Message[],
  place: FilePlace,
  parts: SendParts,
) => Promise<SendResult>;

const writers: Readonly<Record<TargetLayout, Writer>> = {
  events: writeEvents,
  collector: writeCollector,
};

export function openFile(target: Target, parts: SendParts): Sender {
  const { layout, rotateSize, rotateFiles } = target.settings;
  return {
    async send(messages, signal) {
      const directory = directoryOf(target, parts);
      const nowMs = parts.now();
      const rotation = { bytes: rotateSize, files: rotateFiles, nowMs };
      try {
        return await writers[layout](messages, { directory, rotation }, parts);
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = error as NodeJS.ErrnoException;
        const detail = toReason(`${directory} cannot be written: ${code ?? message}`);
        return { outcome: 'failed', status: null, detail };
      }
    },
    close: async () => undefined,
  };
}

/** The API can only name a directory below that of exports. */
function directoryOf({ source, settings }: Target, { places }: SendParts): string {
  return source === 'file'
    ? resolve(settings.directory)
    : resolve(places.exports, settings.directory);
}

async function writeEvents(
  messages: readonly Message[],
  { directory, rotation }: FilePlace,
): Promise<SendResult> {
  const lines = messages.map((message) =>
    JSON.stringify({ id: message.id, ...toPayload(message) }),
  );
  const path = resolve(directory, notificationLimits.eventsFile);
  await appendWhole(path, `${lines.join('\n')}\n`, rotation);
  return { outcome: 'delivered', status: null, detail: `written to ${path}` };
}
