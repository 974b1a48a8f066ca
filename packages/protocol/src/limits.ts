/**
 * Every limit that crosses a boundary, from all capabilities. The unit is the last word of each
 * name; reaching a limit has a defined result (a problem code, an outcome, or a truncation mark)
 * and a test.
 */
import { accessLimits } from './access/limits.ts';
import { artifactLimits } from './artifacts/limits.ts';
import { coreLimits } from './core/limits.ts';
import { engineLimits } from './engines/limits.ts';
import { hookLimits } from './hooks/limits.ts';
import { gateLimits } from './gate/limits.ts';
import { imageLimits } from './images/limits.ts';
import { inspectionLimits } from './inspections/limits.ts';
import { jobLimits } from './jobs/limits.ts';
import { knowledgeLimits } from './knowledge/limits.ts';
import { fileLimits } from './files/limits.ts';
import { policyLimits } from './policies/limits.ts';
import { notificationLimits } from './notifications/limits.ts';
import { quarantineLimits } from './quarantine/limits.ts';
import { registryLimits } from './registries/limits.ts';
import { scriptLimits } from './scripts/limits.ts';
import { searchLimits } from './search/limits.ts';

export const limits = {
  ...coreLimits,
  ...jobLimits,
  ...artifactLimits,
  ...imageLimits,
  ...inspectionLimits,
  ...fileLimits,
  ...registryLimits,
  ...quarantineLimits,
  ...gateLimits,
  ...hookLimits,
  ...policyLimits,
  ...notificationLimits,
  ...scriptLimits,
  ...searchLimits,
  ...knowledgeLimits,
  ...engineLimits,
  ...accessLimits,
} as const;
