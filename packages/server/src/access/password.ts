/**
 * Passwords as argon2id in the PHC string format, with the first set of parameters that OWASP's
 * password storage cheat sheet recommends (19 MiB, two passes, one lane). Passwords are compared
 * after Unicode normalisation NFKC, so that the same letters in another Unicode form match.
 *
 * One check costs about 50 ms of a core and 19 MiB; a queue bounds how many run at once, whichever
 * user asks. A name without a password costs the same as one with: a decoy is checked.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import { limits, Problem } from '@lazaret/protocol';

import { accessLimits } from './limits.ts';
import { WorkQueue } from './work-queue.ts';

export interface PasswordCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface Passwords {
  /** The stored form of a password. */
  hash(password: string): Promise<string>;
  /** Whether the password matches; null, for an unknown user, takes equally long. */
  verify(password: string, stored: string | null): Promise<boolean>;
  /** Whether the stored form was created with parameters other than the current ones. */
  isOutdated(stored: string): boolean;
}

const currentParams: PasswordCost = { memoryKiB: 19_456, passes: 2, lanes: 1 };
const saltBytes = 16;
const tagBytes = 32;
const derive = promisify(argon2);

export function createPasswords(cost: PasswordCost = currentParams): Passwords {
  const queue = new WorkQueue({
    concurrent: accessLimits.loginConcurrent,
    waiting: accessLimits.loginWaiting,
  });
  // Its tag is random, so no password matches it.
  const decoy = format({ cost, salt: randomBytes(saltBytes), tag: randomBytes(tagBytes) });
  return {
    hash: (password) =>
      queue.run(async () => {
        const salt = randomBytes(saltBytes);
        return format({ cost, salt, tag: await deriveTag(password, { cost, salt }) });
      }),
    verify: (password, stored) =>
      queue.run(async () => {
        const wanted = parse(stored ?? decoy);
        const tag = await deriveTag(password, wanted);
        return timingSafeEqual(tag, wanted.tag) && stored !== null;
      }),
    isOutdated: (stored) => {
      const { cost: used, tag, salt } = parse(stored);
      const same =
        used.memoryKiB === cost.memoryKiB &&
        used.passes === cost.passes &&
        used.lanes === cost.lanes;
      return !same || tag.length !== tagBytes || salt.length !== saltBytes;
    },
  };
}

/**
 * Refuses the first guesses of an attacker: the name itself, and one or two characters repeated.
 * The length is counted after normalisation and without the name.
 */
export function checkStrength(password: string, userName: string): void {
  const text = normalize(password).toLowerCase();
  const rest = userName.length < 3 ? text : text.replaceAll(userName.toLowerCase(), '');
  if ([...rest].length < limits.passwordCharsMin) {
    throw new Problem(
      'weak_password',
      `expected at least ${limits.passwordCharsMin} characters besides the user name`,
    );
  }
  if (new Set(rest).size < 4) {
    throw new Problem('weak_password', 'expected at least 4 different characters');
  }
}

interface StoredPassword {
  readonly cost: PasswordCost;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

function deriveTag(
  password: string,
  { cost, salt, tag }: Omit<StoredPassword, 'tag'> & { readonly tag?: Buffer },
): Promise<Buffer> {
  return derive('argon2id', {
    message: Buffer.from(normalize(password)),
    nonce: salt,
    parallelism: cost.lanes,
    tagLength: tag?.length ?? tagBytes,
    memory: cost.memoryKiB,
    passes: cost.passes,
  });
}

function normalize(password: string): string {
  return password.normalize('NFKC');
}

function format({ cost, salt, tag }: StoredPassword): string {
  const numbers = `m=${cost.memoryKiB},t=${cost.passes},p=${cost.lanes}`;
  return `$argon2id$v=19$${numbers}$${encode(salt)}$${encode(tag)}`;
}

const stringFormat =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{16,86})$/;

function parse(stored: string): StoredPassword {
  const match = stringFormat.exec(stored);
  if (match === null) throw new Error('a stored password is not an argon2id string');
  const [, memoryKiB, passes, lanes, salt = '', tag = ''] = match;
  return {
    cost: { memoryKiB: Number(memoryKiB), passes: Number(passes), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

/** Base 64 without padding, as required by the PHC format. */
function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
