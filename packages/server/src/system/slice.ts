/** The slice of the instance itself: its routes. */
import type { Slice } from '../floor/slice.ts';
import { systemRoutes, type SystemRoutesOptions } from './routes.ts';

export function systemSlice(options: SystemRoutesOptions): Slice {
  return { name: 'system', routes: systemRoutes(options) };
}
