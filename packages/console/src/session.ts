/** The signed-in user and their permissions. */
import { type Identity, operations, type Permission } from '@lazaret/protocol';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';

import { client, rememberCsrfToken } from './client.ts';
import { queryClient } from './data.ts';

const identityKey = ['sessions.show'];

export function useIdentityQuery(): UseQueryResult<Identity> {
  return useQuery({
    queryKey: identityKey,
    queryFn: async ({ signal }) =>
      rememberCsrfToken(await client.call(operations.access.sessionShow, {}, { signal })),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
}

/** For pages that require a session. */
export function useIdentity(): Identity {
  const { data } = useIdentityQuery();
  if (data === undefined) throw new Error('this page requires a signed-in user');
  return data;
}

export function useAllowed(permission: Permission): boolean {
  return useIdentity().permissions.includes(permission);
}

/** Stores the identity returned by a sign-in. */
export function startSession(identity: Identity): void {
  queryClient.clear();
  queryClient.setQueryData(identityKey, rememberCsrfToken(identity));
}

export async function endSession(): Promise<void> {
  await client.call(operations.access.sessionDelete);
  queryClient.clear();
}
