/** The option `inspection`: the settings of inspections as one section of the configuration. */
import { inspectionSettings, type InspectionSettings } from '@lazaret/protocol';
import type { z } from 'zod';

import { jsonSection } from './json-section.ts';

export const inspectionOption: z.ZodType<InspectionSettings> = jsonSection(inspectionSettings);
