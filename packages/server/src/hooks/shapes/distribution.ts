/** CNCF Distribution, versions 2 and 3: one event a request, several through a relay. */
import { readEnvelope } from './distribution-event.ts';
import type { Shape } from './notification.ts';

export const distribution: Shape = readEnvelope;
