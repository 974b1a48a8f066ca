/** Writes the log of a job: unchanged to pipes and files, escaped on terminals. */
import type { LogChunk } from '@lazaret/protocol';

import type { Invocation } from '../command/command.ts';
import { createStyle } from './style.ts';
import { createVisibleStream } from './visible-text.ts';

export interface LogSink {
  write(chunk: Pick<LogChunk, 'text'> & Partial<LogChunk>): Promise<void>;
  end(): Promise<void>;
}

/** `raw` does not escape control characters. */
export function createLogSink(
  { shell, settings }: Pick<Invocation, 'shell' | 'settings'>,
  { raw, to }: { raw: boolean; to: 'stdout' | 'stderr' },
): LogSink {
  const stream = shell[to];
  const isSafe = raw || !stream.isTTY;
  const visible = createVisibleStream();
  const style = createStyle(settings.color[to]);
  let attempt: number | undefined;
  let isLineOpen = false;
  const put = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (text === '') return resolve();
      isLineOpen = !text.endsWith('\n');
      stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  return {
    async write(chunk) {
      if (chunk.attempt !== undefined && attempt !== undefined && chunk.attempt !== attempt) {
        const mark = style('dim', `--- attempt ${chunk.attempt} ---`);
        if (stream.isTTY) await put(`${isLineOpen ? '\n' : ''}${mark}\n`);
      }
      attempt = chunk.attempt ?? attempt;
      await put(isSafe ? chunk.text : visible.push(chunk.text));
    },
    async end() {
      await put(visible.end());
      // the prompt starts on a new line
      if (stream.isTTY && isLineOpen) await put('\n');
    },
  };
}
