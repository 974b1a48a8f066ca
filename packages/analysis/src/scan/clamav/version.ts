/** `ClamAV 1.4.6/27012/Wed Aug  7 08:37:38 2024`: engine, number and time of the database. */

export interface ClamdVersion {
  readonly engine: string;
  /** Number of the daily database; absent when none of the project's databases is loaded. */
  readonly database?: number;
  /**
   * Build time of that database, in milliseconds since 1970. clamd writes its own local time
   * without a zone, so this may be off by half a day.
   */
  readonly databaseAtMs?: number;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const timeForm = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/** Reads an answer to VERSION; undefined when it is not one. */
export function parseVersion(answer: string): ClamdVersion | undefined {
  const [engine = '', number, time] = answer.trim().split('/', 3);
  if (!/^ClamAV [\w.+~-]{1,100}$/.test(engine)) return undefined;
  const database = number !== undefined && /^\d{1,9}$/.test(number) ? Number(number) : undefined;
  const databaseAtMs = time === undefined ? undefined : parseTime(time);
  return {
    engine,
    ...(database === undefined ? {} : { database }),
    ...(databaseAtMs === undefined ? {} : { databaseAtMs }),
  };
}

/** Default of MaxFileSize in clamd.conf: 100 MB, before 0.105 it was 25 MB. */
export function defaultMaxFileBytes(engine: string): number {
  const [, major = '0', minor = '0'] = /^ClamAV (\d{1,6})\.(\d{1,6})/.exec(engine) ?? [];
  const isOld = Number(major) === 0 && Number(minor) < 105;
  return (isOld ? 25 : 100) * 1024 * 1024;
}

function parseTime(text: string): number | undefined {
  const parts = timeForm.exec(text);
  const month = months.indexOf(parts?.[1] ?? '');
  if (parts === null || month < 0) return undefined;
  const [day = 0, hour = 0, minute = 0, second = 0, year = 0] = parts.slice(2).map(Number);
  return Date.UTC(year, month, day, hour, minute, second);
}
