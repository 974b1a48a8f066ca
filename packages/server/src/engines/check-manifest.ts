/** Checks what a manifest may require of this instance. */
import { Problem, type EngineManifest, type ProblemField } from '@lazaret/protocol';

import { compileParameters, SchemaError, type ParameterCheck } from './compile-parameters.ts';

export interface EnginePolicy {
  /** Networks besides `none` that engines may be given. */
  readonly allowedNetworks: readonly string[];
  /** Container runtimes that engines may use. */
  readonly allowedRuntimes: readonly string[];
}

/** Throws `invalid_manifest` with every field that this instance does not allow. */
export function checkManifest(manifest: EngineManifest, policy: EnginePolicy): void {
  const fields = [
    ...checkNames(manifest, policy),
    ...checkInput(manifest),
    ...checkOutput(manifest),
    ...checkParameterSchema(manifest),
    ...checkUnsupported(manifest),
  ];
  const [first] = fields;
  if (first === undefined) return;
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  throw new Problem('invalid_manifest', `${first.path}: ${first.message}${more}`, { fields });
}

/** A field without effect would be misleading, so it is refused until it is implemented. */
function checkUnsupported({ input, resultType, trusted }: EngineManifest): ProblemField[] {
  const message = 'is not supported yet; omit it';
  return [
    ...(input.kinds.length > 0 ? [{ path: 'input.kinds', message }] : []),
    ...(resultType === 'findings'
      ? [{ path: 'resultType', message: 'findings are not supported yet; use json' }]
      : []),
    ...(trusted ? [{ path: 'trusted', message }] : []),
  ];
}

function checkNames(manifest: EngineManifest, policy: EnginePolicy): ProblemField[] {
  const { network, runtime } = manifest;
  const fields: ProblemField[] = [];
  if (network !== 'none' && !policy.allowedNetworks.includes(network)) {
    const allowed = ['none', ...policy.allowedNetworks].join(', ');
    fields.push({
      path: 'network',
      message: `expected one of ${allowed}, received ${network}; the operator allows networks in the configuration`,
    });
  }
  if (runtime !== undefined && !policy.allowedRuntimes.includes(runtime)) {
    const allowed = policy.allowedRuntimes.join(', ');
    fields.push({
      path: 'runtime',
      message: `expected one of ${allowed}, received ${runtime}; the operator allows runtimes in the configuration`,
    });
  }
  return fields;
}

function checkInput({ input }: EngineManifest): ProblemField[] {
  if (input.name === undefined || input.count.max <= 1) return [];
  const message = `one name cannot serve ${input.count.max} inputs; omit it to keep their own names`;
  return [{ path: 'input.name', message }];
}

function checkOutput({ output, input }: EngineManifest): ProblemField[] {
  if (output.mount === input.mount) return [];
  const nested =
    output.mount.startsWith(`${input.mount}/`) || input.mount.startsWith(`${output.mount}/`);
  return nested
    ? [
        {
          path: 'output.mount',
          message: `expected ${input.mount} itself or a separate directory`,
        },
      ]
    : [];
}

function checkParameterSchema({ parameters }: EngineManifest): ProblemField[] {
  if (parameters === undefined) return [];
  try {
    compileParameters(parameters.schema);
    return [];
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const path = error.path === '' ? 'parameters.schema' : `parameters.schema.${error.path}`;
    return [{ path, message: error.message }];
  }
}

/** The check of a job's parameters; an engine without a schema accepts none. */
export function parameterCheckOf(manifest: EngineManifest): ParameterCheck {
  if (manifest.parameters !== undefined) return compileParameters(manifest.parameters.schema);
  return (parameters) =>
    Object.keys(parameters).map((name) => ({
      path: `parameters.${name}`,
      message: 'the engine accepts no parameters',
    }));
}
