/** Who is signed in and what they may do. */
import { type Identity, operations, type Permission } from '@lazaret/protocol';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';

import { client, rememberProof } from './client.ts';
import { queryClient } from './data.ts';

const identityKey = ['sessions.show'];

export function useIdentityQuery(): UseQueryResult<Identity> {
  return useQuery({
    queryKey: identityKey,
    queryFn: async ({ signal }) =>
      rememberProof(await client.call(operations.access.sessionShow, {}, { signal })),
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  });
}

/** For pages behind the sign-in, where there is an identity. */
export function useIdentity(): Identity {
  const { data } = useIdentityQuery();
  if (data === undefined) throw new Error('this page is shown to signed-in people only');
  return data;
}

export function useAllowed(permission: Permission): boolean {
  return useIdentity().permissions.includes(permission);
}

/** Takes over an identity that a sign-in answered. */
export function startSession(identity: Identity): void {
  queryClient.clear();
  queryClient.setQueryData(identityKey, rememberProof(identity));
}

export async function endSession(): Promise<void> {
  await client.call(operations.access.sessionDelete);
  queryClient.clear();
}
