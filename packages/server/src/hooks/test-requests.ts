/**
 * Test deliveries that this process is sending to itself. The server cannot make an authentic
 * request of a sender whose secret it only knows as a hash, or whose private key Google has; for
 * those the test has a secret of its own, which is valid for its one request. How the secret is
 * checked is the same for all.
 */
import type { HookCredential } from './authenticate.ts';
import { newSecret } from '../floor/ids.ts';

/** The header that identifies a test. */
export const testHeader = 'lazaret-hook-test';

interface PendingTest {
  readonly hook: string;
  /** Undefined if the request has the real secret. */
  readonly credential: HookCredential | undefined;
}

export class TestRequests {
  readonly #pending = new Map<string, PendingTest>();

  /** Runs `send` with the value of the header; afterwards it is invalid. */
  async during<T>(pending: PendingTest, send: (value: string) => Promise<T>): Promise<T> {
    const value = newSecret('test');
    this.#pending.set(value, pending);
    try {
      return await send(value);
    } finally {
      this.#pending.delete(value);
    }
  }

  /** The test that a request to the hook belongs to. */
  find(
    hook: string,
    headers: Readonly<Record<string, readonly string[] | undefined>>,
  ): PendingTest | undefined {
    const [value = ''] = headers[testHeader] ?? [];
    const pending = this.#pending.get(value);
    return pending?.hook === hook ? pending : undefined;
  }
}
