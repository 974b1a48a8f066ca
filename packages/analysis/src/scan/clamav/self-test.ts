/**
 * Properties that clamd does not report are tested with two small files.
 */
import { gzipSync } from 'node:zlib';

import type { ClamdConnection } from './connection.ts';
import { readReply } from './reply.ts';
import type { ClamdReply } from './reply.ts';

export interface SelfTest {
  /** Whether the EICAR test file is detected: an engine without signatures detects nothing. */
  readonly findsTestFile: boolean;
  /**
   * Whether a limit that is reached is reported (AlertExceedsMax), or the file is reported as
   * clean.
   */
  readonly reportsLimits: boolean;
  /** An error instead of an answer. */
  readonly problem?: string;
}

/** Throws ClamdError. */
export async function testClamd(connection: ClamdConnection): Promise<SelfTest> {
  const test = readReply(await connection.scan(eicarTestFile()));
  const deep = readReply(await connection.scan(deepGzip()));
  const problem = errorOf(test) ?? errorOf(deep);
  return {
    findsTestFile: test.kind === 'found',
    reportsLimits: deep.kind === 'partial',
    ...(problem === undefined ? {} : { problem }),
  };
}

/**
 * The harmless file that every engine should report (EICAR, "Anti-Malware Testfile", 2003). It is
 * assembled here so that this source is not reported itself.
 */
export function eicarTestFile(): Buffer {
  const head = String.raw`X5O!P%@AP[4\PZX54(P^)7CC)7}`;
  return Buffer.from(`${head}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`, 'latin1');
}

/** Deeper than the highest MaxRecursion that clamd can be set to, which is 100. */
const deeperThanAllowed = 110;
let built: Buffer | undefined;

function deepGzip(): Buffer {
  if (built === undefined) {
    let bytes: Buffer = Buffer.from('deep');
    for (let depth = 0; depth < deeperThanAllowed; depth += 1) bytes = gzipSync(bytes);
    built = bytes;
  }
  return built;
}

function errorOf(reply: ClamdReply): string | undefined {
  return reply.kind === 'error' ? reply.detail : undefined;
}
