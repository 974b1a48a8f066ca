/** Loads the analysis package when a command needs it, so that others start without it. */
import type * as analysis from '@lazaret/analysis';

import type { Shell } from '../../command/command.ts';
import type { InspectImage } from './inspect-image.ts';

export async function loadAnalysis(): Promise<typeof analysis> {
  return import('@lazaret/analysis');
}

/** The inspection function: that of the shell, or that of the package. */
export async function loadInspectImage(shell: Shell): Promise<InspectImage> {
  return shell.inspectImage ?? (await loadAnalysis()).inspectImage;
}
