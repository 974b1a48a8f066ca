import type { ReactNode } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { ParametersForm } from './parameters-form.tsx';
import type { EngineChoice } from './use-engine-choice.ts';

interface ParameterPanelsProps {
  readonly choice: EngineChoice;
  /** The response of the server to the last submission to an engine. */
  readonly errorOf: (engine: string) => unknown;
  /** Also what is missing is an error now: a submission was attempted. */
  readonly showsAll: boolean;
}

/** A form for the parameters of each chosen engine that has any, or why they are unknown. */
export function ParameterPanels({ choice, errorOf, showsAll }: ParameterPanelsProps): ReactNode {
  const { engines, failure, parametersOf, changeParameters } = choice;
  const panels = engines.map((manifest) => {
    const { name, parameters } = manifest;
    if (parameters === undefined) return null;
    return (
      <Panel key={name} title={engines.length > 1 ? `Parameters of ${name}` : 'Parameters'}>
        <ParametersForm
          schema={parameters.schema}
          values={parametersOf(manifest)}
          onChange={(next) => changeParameters(name, next)}
          error={errorOf(name)}
          showsAll={showsAll}
        />
      </Panel>
    );
  });
  return (
    <>
      {failure !== undefined && <ProblemNotice {...failure} />}
      {panels}
    </>
  );
}
