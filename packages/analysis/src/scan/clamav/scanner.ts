/** ClamAV through its daemon: files are streamed to clamd, which needs no access to them. */

import type { ClamdEndpoint } from '@lazaret/protocol';

import { scanLimits } from '../limits.ts';
import type { Scanner, ScanAnswer, ScannerDescription, ScanSubject } from '../scanner.ts';
import { ClamdError } from './clamd-error.ts';
import { endpointText } from './connection.ts';
import type { ClamdConnection } from './connection.ts';
import { readReply } from './reply.ts';
import { testClamd } from './self-test.ts';
import type { SelfTest } from './self-test.ts';
import { SessionPool } from './session-pool.ts';
import { readDatabaseState, signatureLabel } from './signature-label.ts';
import type { DatabaseState } from './signature-label.ts';
import { defaultMaxFileBytes, parseVersion } from './version.ts';
import type { ClamdVersion } from './version.ts';

export interface ClamavOptions {
  readonly endpoint: ClamdEndpoint;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Larger files are not sent. */
  readonly fileBytes?: number;
  readonly fileMs?: number;
  readonly sessions?: number;
  readonly connectMs?: number;
  readonly staleMs?: number;
  /**
   * MaxFileSize in clamd.conf, if it is not the default; used when clamd does not report limits.
   */
  readonly maxFileBytes?: number;
  /**
   * clamd's DatabaseDirectory, if this process may read it: needed when clamd has custom
   * signatures, because VERSION does not report them.
   */
  readonly databaseDirectory?: string;
}

export function createClamavScanner(options: ClamavOptions): Scanner {
  return new ClamavScanner(options);
}

const unknownSignatures = 'unknown';

class ClamavScanner implements Scanner {
  readonly id = 'clamav';
  readonly needs = 'bytes';
  readonly #options: ClamavOptions;
  readonly #pool: SessionPool;
  readonly #fileBytes: number;
  readonly #fileMs: number;
  /** Cached state of the directory of signatures. */
  #state: Promise<DatabaseState | undefined> | undefined;
  #label = unknownSignatures;
  #engine = 'ClamAV';
  #maxFileBytes: number;
  /** Undefined until this instance queried it: every thread has its own. */
  #reportsLimits: boolean | undefined;

  constructor(options: ClamavOptions) {
    this.#options = options;
    this.#fileBytes = options.fileBytes ?? scanLimits.scanFileBytes;
    this.#fileMs = options.fileMs ?? scanLimits.scanFileMs;
    this.#maxFileBytes = options.maxFileBytes ?? defaultMaxFileBytes('');
    this.#pool = new SessionPool({
      endpoint: options.endpoint,
      sessions: options.sessions ?? scanLimits.scansAtOnce,
      connectMs: options.connectMs ?? scanLimits.clamdConnectMs,
    });
  }

  async describe(): Promise<ScannerDescription> {
    try {
      const signal = AbortSignal.timeout(scanLimits.clamdDescribeMs);
      return await this.#pool.use((connection) => this.#examineEngine(connection), signal);
    } catch (error) {
      const where = endpointText(this.#options.endpoint);
      const problem = `clamd at ${where} cannot be queried: ${textOf(error)}`;
      return { ...this.#plainDescription(), healthy: false, problem };
    }
  }

  wants(): boolean {
    return true;
  }

  async scan(subject: ScanSubject, signal?: AbortSignal): Promise<ScanAnswer> {
    const { bytes } = subject;
    if (bytes === undefined) return this.#failed('the bytes were not provided');
    if (bytes.length > this.#fileBytes) {
      return this.#partial('too_large', `more than ${this.#fileBytes} bytes are not sent to clamd`);
    }
    try {
      return await this.#pool.use((connection) => this.#examine(connection, bytes), signal);
    } catch (error) {
      if (!(error instanceof ClamdError)) return this.#failed(textOf(error));
      if (error.code === 'timed_out') return this.#partial('timed_out', error.message);
      const reason = error.code === 'unreachable' ? 'unhealthy' : 'failed';
      return { ...this.#failed(error.message), reason };
    }
  }

  close(): Promise<void> {
    this.#pool.close();
    return Promise.resolve();
  }

  /** After a reload during the scan the file is scanned again, with the new signatures only. */
  async #examine(connection: ClamdConnection, bytes: Buffer): Promise<ScanAnswer> {
    const timer = setTimeout(() => {
      connection.end(new ClamdError('timed_out', `no response within ${this.#fileMs} ms`));
    }, this.#fileMs);
    try {
      let before = await this.#readLabel(connection);
      for (let attempt = 0; ; attempt += 1) {
        const answer = await connection.scan(bytes);
        if (this.#isUnsure(answer, bytes.length) && connection.isOpen) {
          await this.#examineEngine(connection);
        }
        // After a refusal clamd closes the connection, so the previous label is used.
        const after = connection.isOpen ? await this.#labelAfter(connection, before) : before;
        if (before === after || attempt > 0) {
          const signatures = before === after ? after : `${before} then ${after}`;
          return { ...this.#judge(answer, bytes.length), signatures };
        }
        before = after;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether an OK is only reliable from an engine that reports its limits. */
  #isUnsure(answer: string, sizeBytes: number): boolean {
    const isLarge = sizeBytes > this.#maxFileBytes;
    return this.#reportsLimits === undefined && isLarge && readReply(answer).kind === 'nothing';
  }

  #judge(answer: string, sizeBytes: number): ScanAnswer {
    const reply = readReply(answer);
    if (reply.kind === 'error') return this.#failed(`clamd answers: ${reply.detail}`);
    if (reply.kind === 'partial') return this.#partial(reply.reason, reply.detail);
    const findings = reply.kind === 'found' ? [reply.finding] : [];
    const examined = { state: 'examined', findings, signatures: this.#label } as const;
    if (reply.kind === 'found' || this.#reportsLimits === true) return examined;
    // Without AlertExceedsMax a file above MaxFileSize is skipped and reported as OK.
    if (sizeBytes <= this.#maxFileBytes) return examined;
    const detail = `above ${this.#maxFileBytes} bytes clamd may report OK without scanning: set AlertExceedsMax`;
    return this.#partial('too_large', detail);
  }

  async #labelAfter(connection: ClamdConnection, before: string): Promise<string> {
    try {
      return await this.#readLabel(connection);
    } catch (error) {
      // The answer to the stream was received; a refusal is followed by the end of the connection.
      if (error instanceof ClamdError && error.code === 'cut') return before;
      throw error;
    }
  }

  async #readLabel(connection: ClamdConnection): Promise<string> {
    const version = parseVersion(await connection.ask('VERSION'));
    if (version === undefined) return unknownSignatures;
    this.#label = signatureLabel(version, await this.#recentState(), this.#options.now());
    return this.#label;
  }

  /** Reading it for every answer would double the cost of a small file. */
  #recentState(): Promise<DatabaseState | undefined> {
    if (this.#state === undefined) {
      const state = this.#databaseState();
      this.#state = state;
      const forget = (): void => {
        if (this.#state === state) this.#state = undefined;
      };
      state.catch(forget);
      setTimeout(forget, scanLimits.clamdStateMs).unref();
    }
    return this.#state;
  }

  async #databaseState(): Promise<DatabaseState | undefined> {
    const { databaseDirectory } = this.#options;
    return databaseDirectory === undefined ? undefined : readDatabaseState(databaseDirectory);
  }

  async #examineEngine(connection: ClamdConnection): Promise<ScannerDescription> {
    const answer = await connection.ask('VERSION');
    const version = parseVersion(answer);
    if (version === undefined) {
      const problem = `clamd does not report its version (${answer.slice(0, 100)}): ${enableVersion}`;
      return { ...this.#plainDescription(), healthy: false, problem };
    }
    const state = await this.#databaseState();
    const commands = await connection.ask('VERSIONCOMMANDS');
    const pong = await connection.ask('PING');
    const test = await testClamd(connection);
    this.#engine = version.engine;
    this.#label = signatureLabel(version, state, this.#options.now());
    this.#reportsLimits = test.reportsLimits;
    this.#maxFileBytes = this.#options.maxFileBytes ?? defaultMaxFileBytes(version.engine);
    const signaturesAtMs = version.databaseAtMs ?? state?.newestMs;
    const problem =
      refusal(commands, pong, test) ?? this.#signatureProblem(version, state, signaturesAtMs);
    return {
      ...this.#plainDescription(),
      ...(signaturesAtMs === undefined ? {} : { signaturesAt: isoTime(signaturesAtMs) }),
      healthy: problem === undefined,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #signatureProblem(
    version: ClamdVersion,
    state: DatabaseState | undefined,
    atMs: number | undefined,
  ): string | undefined {
    if (version.database === undefined && state === undefined) {
      return (
        'clamd reports no number of its signatures: load the daily database, or name the ' +
        'directory of its signatures (--clamd-database)'
      );
    }
    const staleMs = this.#options.staleMs ?? scanLimits.signaturesStaleMs;
    const ageMs = this.#options.now() - (atMs ?? -Infinity);
    if (ageMs <= staleMs) return undefined;
    const days = Math.floor(ageMs / dayMs);
    const age = atMs === undefined ? 'of unknown age' : `${days} days old`;
    return `the signatures are ${age}: run freshclam`;
  }

  #plainDescription(): Pick<ScannerDescription, 'engine' | 'signatures' | 'limits'> {
    const alert = this.#reportsLimits === true ? 'told' : `silent above ${this.#maxFileBytes}`;
    const own = `fileBytes=${this.#fileBytes} fileMs=${this.#fileMs}`;
    return {
      engine: this.#engine,
      signatures: this.#label,
      limits: `${own} clamdLimits=${alert}`,
    };
  }

  #partial(reason: NonNullable<ScanAnswer['reason']>, detail: string): ScanAnswer {
    return { state: 'partial', findings: [], reason, detail, signatures: this.#label };
  }

  #failed(detail: string): ScanAnswer {
    return { state: 'failed', findings: [], reason: 'failed', detail, signatures: this.#label };
  }
}

const dayMs = 86_400_000;
const enableVersion = 'set EnableVersionCommand';

function refusal(commands: string, pong: string, test: SelfTest): string | undefined {
  if (!/\bINSTREAM\b/.test(commands)) return 'clamd does not support INSTREAM: it is too old';
  if (pong !== 'PONG') return `clamd answers to PING with ${pong.slice(0, 100)}`;
  if (test.problem !== undefined) return `clamd cannot scan: ${test.problem}`;
  if (test.findsTestFile) return undefined;
  return 'clamd does not detect the EICAR test file: its signatures are missing, run freshclam';
}

function isoTime(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), 8.64e15)).toISOString();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
