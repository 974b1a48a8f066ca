/** The program with a scripted inspection. */
import type { InspectRequest } from '@lazaret/analysis';
import type { InspectionReport } from '@lazaret/protocol';

import type { InspectImage, ShownProgress } from '../commands/inspect/inspect-image.ts';
import { runInside, type RunOptions, type RunResult } from './run-program.ts';

export interface Inspecting {
  /** The requests to the inspection so far. */
  readonly requests: readonly InspectRequest[];
  readonly run: (argv: readonly string[], options?: Partial<RunOptions>) => Promise<RunResult>;
}

/** Runs `lazaret inspect`; every inspection answers these reports, after `act`. */
export function inspecting(
  home: string,
  reports: readonly InspectionReport[],
  act?: (report: (progress: ShownProgress) => void) => void,
): Inspecting {
  const requests: InspectRequest[] = [];
  const inspectImage: InspectImage = async (request, hooks) => {
    requests.push(request);
    act?.((progress) => hooks.onProgress?.(progress));
    return reports;
  };
  return {
    requests,
    run: (argv, options) => runInside(['inspect', ...argv], { home, inspectImage, ...options }),
  };
}
