/** The slice of access: routes, and the removal of expired rows. */
import type { Slice } from '../floor/slice.ts';
import { createAccess, type Access, type AccessOptions } from './access.ts';
import { accessRoutes } from './routes.ts';
import { sweepAccess } from './sweep.ts';

export interface AccessSlice extends Slice {
  readonly access: Access;
}

export function accessSlice(options: AccessOptions): AccessSlice {
  const access = createAccess(options);
  const stopSweeping = sweepAccess(access, options.log);
  return {
    name: 'access',
    access,
    routes: accessRoutes(access),
    stop: async () => stopSweeping(),
  };
}
