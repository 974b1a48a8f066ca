import { type EngineManifest, formatDuration, formatSize } from '@lazaret/protocol';
import type { ReactNode } from 'react';

/** The limits of an engine that matter for a submission. */
export function EngineLimits({ manifest }: { readonly manifest: EngineManifest }): ReactNode {
  const { input, resources, timeLimit, network } = manifest;
  const { min, max } = input.count;
  const facts: [string, string][] = [
    ['Inputs', min === max ? `${min}` : `${min} to ${max}`],
    ['Maximum input size', formatSize(input.maxBytes)],
    ['Memory', formatSize(resources.memory)],
    ['CPU', `${resources.cpus}`],
    ['Time limit', formatDuration(timeLimit * 1_000)],
    ['Network', network],
  ];
  if (input.kinds.length > 0) facts.push(['File types', input.kinds.join(', ')]);
  return (
    <dl className="fields">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
