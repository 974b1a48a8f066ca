/**
 * Name resolution that refuses private addresses. Names are resolved once and the connection is
 * made to the checked addresses, so that a name cannot change its address in between.
 */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';

import { addressOf, isLoopback, isPrivateAddress } from './address-policy.ts';
import { PrivateAddressError } from './failure.ts';

/** As `lookup` of `node:dns`. */
export type Lookup = (
  hostname: string,
  options: LookupOptions,
  callback: (
    error: NodeJS.ErrnoException | null,
    address: string | LookupAddress[],
    family?: number,
  ) => void,
) => void;

/** Resolves a name when connecting and refuses private addresses. */
export function publicOnly(resolve: Lookup): Lookup {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      // There are no addresses when there is an error, despite the types.
      if (error !== null) {
        callback(error, '');
        return;
      }
      const addresses = typeof found === 'string' ? [{ address: found, family: 0 }] : found;
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address))) {
        callback(new PrivateAddressError(), '');
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/**
 * The address to connect to, for protocols other than HTTP. Throws PrivateAddressError unless
 * private addresses are allowed, and the error of the resolver.
 */
export async function resolveHost(
  hostname: string,
  how: { readonly allowPrivate: boolean; readonly lookup?: Lookup | undefined },
): Promise<string> {
  const address = addressOf(hostname);
  const isClosed = address === undefined ? isLoopback(hostname) : isPrivateAddress(address);
  if (isClosed && !how.allowPrivate) throw new PrivateAddressError();
  if (address !== undefined) return address;
  const resolve = how.lookup ?? systemLookup;
  const chosen = how.allowPrivate ? resolve : publicOnly(resolve);
  return new Promise((done, fail) => {
    chosen(hostname, {}, (error, found) => {
      if (error === null && typeof found === 'string') done(found);
      else fail(error ?? new Error(`${hostname} has no address`));
    });
  });
}
