/** The engines of a submission and the parameters of each, as a form fills them in. */
import type { EngineManifest } from '@lazaret/protocol';
import { useState } from 'react';

import { hasInvalidParameter } from './parameters-form.tsx';
import { schemaDefaults } from './schema-fields.ts';
import { type ChosenEngines, useChosenEngines } from './use-chosen-engines.ts';

type ParameterValues = Record<string, unknown>;

export interface EngineChoice extends ChosenEngines {
  readonly names: readonly string[];
  readonly choose: (names: readonly string[]) => void;
  /** As filled in; the defaults of the schema before. */
  readonly parametersOf: (manifest: EngineManifest) => ParameterValues;
  readonly changeParameters: (engine: string, values: ParameterValues) => void;
  /** A parameter of a chosen engine is not valid. */
  readonly isInvalid: boolean;
}

export function useEngineChoice(wanted: readonly string[]): EngineChoice {
  const [names, choose] = useState(wanted);
  const [values, setValues] = useState<Readonly<Record<string, ParameterValues>>>({});
  const { engines, failure } = useChosenEngines(names, choose);
  const parametersOf = ({ name, parameters }: EngineManifest): ParameterValues =>
    values[name] ?? schemaDefaults(parameters?.schema ?? {});
  return {
    ...{ names, choose, engines, failure, parametersOf },
    changeParameters: (engine, next) => setValues({ ...values, [engine]: next }),
    isInvalid: engines.some((manifest) => {
      const schema = manifest.parameters?.schema;
      return schema !== undefined && hasInvalidParameter(schema, parametersOf(manifest));
    }),
  };
}
