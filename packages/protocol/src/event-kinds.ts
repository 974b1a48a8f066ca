/** Every type of event, from all capabilities. `docs/events.md` shows this table. */
import { accessEvents } from './access/events.ts';
import { artifactEvents } from './artifacts/events.ts';
import type { EventKind } from './core/event-kind.ts';
import { engineEvents } from './engines/events.ts';
import { fileEvents } from './files/events.ts';
import { gateEvents } from './gate/events.ts';
import { hookEvents } from './hooks/events.ts';
import { imageEvents } from './images/events.ts';
import { inspectionEvents } from './inspections/events.ts';
import { jobEvents } from './jobs/events.ts';
import { nodeEvents } from './nodes/events.ts';
import { policyEvents } from './policies/events.ts';
import { notificationEvents } from './notifications/events.ts';
import { quarantineEvents } from './quarantine/events.ts';
import { registryEvents } from './registries/events.ts';
import { scriptEvents } from './scripts/events.ts';
import { systemEvents } from './system/events.ts';

export const eventKinds = {
  ...jobEvents,
  ...artifactEvents,
  ...imageEvents,
  ...fileEvents,
  ...hookEvents,
  ...policyEvents,
  ...notificationEvents,
  ...gateEvents,
  ...inspectionEvents,
  ...registryEvents,
  ...quarantineEvents,
  ...scriptEvents,
  ...engineEvents,
  ...nodeEvents,
  ...accessEvents,
  ...systemEvents,
} as const satisfies Record<string, EventKind>;

export type EventType = keyof typeof eventKinds;
