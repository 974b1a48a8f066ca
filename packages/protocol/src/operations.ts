/** Every operation of the API, in the order of the reference. */
import { access } from './access.ts';
import { artifacts } from './artifact.ts';
import { engines } from './engine.ts';
import { events } from './event.ts';
import { images, searches } from './image.ts';
import { inspections } from './inspection-task.ts';
import { jobs } from './job.ts';
import { legacy } from './legacy.ts';
import { nodes } from './node.ts';
import type { Operation } from './operation.ts';
import { system } from './system.ts';

export const operations = {
  legacy,
  jobs,
  artifacts,
  images,
  inspections,
  searches,
  engines,
  nodes,
  events,
  access,
  system,
} as const;

export const operationList: readonly Operation[] = Object.values(operations).flatMap(
  (group) => Object.values(group) as unknown as Operation[],
);
