/** Requirements for every executor, tested on the real engine. */
import { afterEach, describe } from 'vitest';

import { createFixture } from './testing/executor-fixture.ts';
import type { ExecutorSubject } from './testing/executor-fixture.ts';
import {
  describeEnding,
  describeFailing,
  describeImages,
  describeRuns,
  describeWaiting,
} from './executor-runs.suite.ts';
import {
  describeCollecting,
  describeFinding,
  describeLogs,
  describeWatching,
} from './executor-watching.suite.ts';

const parts = {
  images: describeImages,
  'a run': describeRuns,
  'a run that fails': describeFailing,
  waiting: describeWaiting,
  ending: describeEnding,
  logs: describeLogs,
  watching: describeWatching,
  finding: describeFinding,
  collecting: describeCollecting,
} as const;

/** Runs the suite; `subject` is called inside the tests. */
export function describeExecutor(subject: () => ExecutorSubject): void {
  const fixture = createFixture(subject);
  afterEach(() => fixture.clear());
  for (const [name, part] of Object.entries(parts)) describe(name, () => part(fixture));
}
