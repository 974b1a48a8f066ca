/** The logger: JSON lines, or short lines on a terminal; secrets are redacted by path. */
import { pino, type Logger } from 'pino';

export interface LogOptions {
  readonly level: string;
  /** Destination of the lines; standard error unless given. */
  readonly file?: string;
}

export function createLog(options: LogOptions): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [
          ...['password', 'secret', 'token', 'link', 'csrf', 'authorization', 'cookie'],
          ...['*.password', '*.secret', '*.token', '*.link', '*.csrf'],
          ...['headers.authorization', 'headers.cookie', '*.headers.authorization'],
        ],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: options.file ?? 2, sync: true, mkdir: true }),
  );
}
