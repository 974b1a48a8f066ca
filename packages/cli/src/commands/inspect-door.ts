/** The analysis package, loaded when a command needs it, so that the others start without it. */
import type * as analysis from '@lazaret/analysis';

import type { Shell } from '../command.ts';
import type { InspectImage } from './inspect-request.ts';

export async function openAnalysis(): Promise<typeof analysis> {
  return import('@lazaret/analysis');
}

/** The inspection itself: that of the shell, or that of the package. */
export async function openInspection(shell: Shell): Promise<InspectImage> {
  return shell.inspectImage ?? (await openAnalysis()).inspectImage;
}
