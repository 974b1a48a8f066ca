/** All operations of the API, in the order of the reference. */
import { access, accessTags } from './access/operations.ts';
import { artifacts, artifactTags } from './artifacts/operations.ts';
import type { Operation, OperationTag } from './core/operation.ts';
import { engines, engineTags } from './engines/operations.ts';
import { events, eventTags } from './events/operations.ts';
import { files, fileTags } from './files/operations.ts';
import { gates, gateTags } from './gate/operations.ts';
import { hooks, hookTags } from './hooks/operations.ts';
import { images, imageTags } from './images/operations.ts';
import { inspections, inspectionTags } from './inspections/operations.ts';
import { jobs, jobTags } from './jobs/operations.ts';
import { knowledgeTags, lookups } from './knowledge/operations.ts';
import { legacy, legacyTags } from './legacy/operations.ts';
import { nodes, nodeTags } from './nodes/operations.ts';
import { notifications, notificationTags } from './notifications/operations.ts';
import { actions, quarantine, quarantineTags } from './quarantine/operations.ts';
import { decisions, exceptions, policies, policyTags } from './policies/operations.ts';
import { arrivals, registries, registryTags } from './registries/operations.ts';
import { scripts, scriptTags } from './scripts/operations.ts';
import { searches, searchTags } from './search/operations.ts';
import { system, systemTags } from './system/operations.ts';

export const operations = {
  legacy,
  jobs,
  artifacts,
  images,
  files,
  inspections,
  registries,
  arrivals,
  quarantine,
  actions,
  hooks,
  notifications,
  policies,
  exceptions,
  decisions,
  scripts,
  gates,
  searches,
  lookups,
  engines,
  nodes,
  events,
  access,
  system,
} as const;

/** The headings of the API reference. */
export const operationTags = {
  ...legacyTags,
  ...jobTags,
  ...artifactTags,
  ...imageTags,
  ...fileTags,
  ...inspectionTags,
  ...registryTags,
  ...quarantineTags,
  ...hookTags,
  ...policyTags,
  ...notificationTags,
  ...scriptTags,
  ...gateTags,
  ...searchTags,
  ...knowledgeTags,
  ...engineTags,
  ...nodeTags,
  ...eventTags,
  ...accessTags,
  ...systemTags,
} as const satisfies Record<string, OperationTag>;

export const operationList: readonly Operation[] = Object.values(operations).flatMap(
  (group) => Object.values(group) as unknown as Operation[],
);
