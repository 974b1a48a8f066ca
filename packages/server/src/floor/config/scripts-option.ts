/** The option `scripts`: collector scripts as one section of the configuration. */
import { scriptsSection, type ScriptsSection } from '@lazaret/protocol';
import type { z } from 'zod';

import { jsonSection } from './json-section.ts';

export const scriptsOption: z.ZodType<ScriptsSection> = jsonSection(scriptsSection);
