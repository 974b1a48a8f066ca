/**
 * Throttles guessing of passwords.
 *
 * Two counters are used for each attempt: one of the account from this address, one of the address.
 * Each allows some attempts without delay; then the next one must wait 1 s, then 2 s, 4 s and so on
 * up to five minutes, until an hour passes without an attempt. An attempt is counted before its
 * password is checked and given back when it was right, so a thousand tries at once are a thousand
 * tries. One that comes too early is refused unchecked and not counted: it makes the wait no
 * longer.
 *
 * No counter is of the account alone: a stranger's failures never keep the owner, who comes from
 * elsewhere, from signing in. Sessions and API tokens never come here. Names of unknown users are
 * counted like others. The price: guesses from many addresses at one account are bounded only by
 * the number of addresses, the queue for password checks and the least length of passwords.
 *
 * The counters live in the database (they survive restarts and hold for all replicas) under
 * hashed keys, since people type passwords into the field for the name.
 */
import { createHash } from 'node:crypto';

import { Problem } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { accessLimits } from './limits.ts';

export interface SignInTry {
  /** The password was right: resets the counter of the account from this address. */
  succeeded(): Promise<void>;
  /** The password was not checked: the attempt does not count. */
  undo(): Promise<void>;
}

export interface Throttle {
  /** Counts an attempt. Throws `too_many_requests` with Retry-After when it is too early. */
  begin(userName: string, address: string): Promise<SignInTry>;
  /** Removes expired counters, and the oldest ones beyond the limit. */
  sweep(): Promise<void>;
}

/** The allowed rate of attempts. */
export interface SignInPace {
  readonly freePerAccount: number;
  readonly freePerAddress: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** After this time without an attempt the counters are removed. */
  readonly memoryMs: number;
}

export const defaultPace: SignInPace = {
  freePerAccount: accessLimits.loginFailuresFree,
  freePerAddress: accessLimits.loginFailuresFreePerAddress,
  backoffMs: accessLimits.loginBackoffMs,
  backoffMaxMs: accessLimits.loginBackoffMaxMs,
  memoryMs: accessLimits.loginMemoryMs,
};

const triesPerSweep = 256;

export function createThrottle(
  database: Kysely<Database>,
  pace: SignInPace = defaultPace,
): Throttle {
  let tries = 0;
  const sweep = (): Promise<void> => sweepCounters(database, pace);
  return {
    sweep,
    async begin(userName, address) {
      tries += 1;
      if (tries % triesPerSweep === 0) await sweep();
      const place = addressPlace(address);
      const byAddress = hashKey(`address ${place}`);
      const byAccount = hashKey(`account ${place} ${userName}`);
      // Always in this order, to avoid deadlocks.
      await transaction(database, async (within) => {
        await count(within, byAddress, { ...pace, free: pace.freePerAddress });
        await count(within, byAccount, { ...pace, free: pace.freePerAccount });
      });
      return {
        succeeded: async () => {
          await giveBack(database, [byAddress]);
          await database.deleteFrom('sign_in_failures').where('key', '=', byAccount).execute();
        },
        undo: () => giveBack(database, [byAddress, byAccount]),
      };
    },
  };
}

/** Counts one failure in advance, or throws during the delay after the last one. */
async function count(
  within: Transaction<Database>,
  key: string,
  { free, backoffMs, backoffMaxMs, memoryMs }: SignInPace & { readonly free: number },
): Promise<void> {
  const memory = sql`${memoryMs} * interval '1 millisecond'`;
  const wait = sql`least(${backoffMs} * power(2, least(f.failures - ${free}, 30)),
    ${backoffMaxMs}) * interval '1 millisecond'`;
  const counted = await sql`
    insert into sign_in_failures as f (key, failures, last_at) values (${key}, 1, now())
    on conflict (key) do update
      set failures = case when f.last_at < now() - ${memory} then 1 else f.failures + 1 end,
          last_at = now()
      where f.failures < ${free} or f.last_at + ${wait} <= now()
    returning failures`.execute(within);
  if (counted.rows.length > 0) return;
  const { rows } = await sql<{ seconds: number }>`
    select ceil(extract(epoch from f.last_at + ${wait} - now()))::int as seconds
    from sign_in_failures f where key = ${key}`.execute(within);
  const seconds = Math.max(1, rows[0]?.seconds ?? 1);
  throw new Problem('too_many_requests', `too many failed sign-ins; wait ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}

async function giveBack(database: Kysely<Database>, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await database
      .updateTable('sign_in_failures')
      .set({ failures: sql<number>`greatest(failures - 1, 0)` })
      .where('key', '=', key)
      .execute();
  }
}

async function sweepCounters(database: Kysely<Database>, pace: SignInPace): Promise<void> {
  await sql`delete from sign_in_failures
    where last_at < now() - ${pace.memoryMs} * interval '1 millisecond'`.execute(database);
  const surplus = sql`select key from sign_in_failures
    order by last_at desc offset ${accessLimits.loginMemoryRows}`;
  // As an array it is evaluated once; as a subquery, without table statistics it runs for each row.
  await sql`delete from sign_in_failures where key = any(array(${surplus}))`.execute(database);
}

function hashKey(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The unit of throttling: an IPv4 address, or the /64 network of an IPv6 address, since one
 * machine has all of its addresses.
 */
export function addressPlace(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [plain = ''] = address.toLowerCase().split('%', 1);
  const [front = '', back] = plain.split('::', 2);
  const head = groups(front);
  const tail = groups(back ?? '');
  const gap = back === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const all = [...head, ...Array<string>(gap).fill('0'), ...tail];
  return `${all.slice(0, 4).join(':')}::/64`;
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
}
