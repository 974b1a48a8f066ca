/** Responses for paths and methods that no operation has. */
import { limits, operationList, Problem, type Operation } from '@lazaret/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Whether an operation also answers HEAD. */
export function hasHead({ method, outputKind }: Operation): boolean {
  return method === 'GET' && (outputKind === 'bytes' || outputKind === 'json');
}

/**
 * A fixed path such as `/inspections/follow` also matches `/inspections/:id`: without these routes
 * a method that only the latter supports would be answered by it, with `follow` as an ID.
 */
export function refuseShadowed(app: FastifyInstance): void {
  const fixed = new Set(
    operationList.map(({ path }) => path).filter((path) => !path.includes(':')),
  );
  for (const path of fixed) {
    const own = new Set(methodsOf(operationList.filter((operation) => operation.path === path)));
    const shadowing = operationList.filter((operation) => matches(operation.path, path));
    const method = methodsOf(shadowing).filter((each) => !own.has(each));
    if (method.length === 0) continue;
    app.route({
      method,
      url: path,
      handler: (request) => {
        throw notFound(request);
      },
    });
  }
}

function methodsOf(operations: readonly Operation[]): string[] {
  const methods = operations.flatMap((operation) => [
    operation.method,
    ...(hasHead(operation) ? ['HEAD'] : []),
    ...(operation.alsoMethods ?? []),
  ]);
  return [...new Set(methods)];
}

/** 404, or 405 with the methods that the path has. */
export function notFound(request: FastifyRequest): Problem {
  const path = request.url.split('?', 1)[0] ?? '';
  const exact = operationList.filter((operation) => operation.path === path);
  const matching = operationList.filter((operation) => matches(operation.path, path));
  const methods = methodsOf(exact.length > 0 ? exact : matching);
  if (methods.length === 0) {
    return new Problem('not_found', `no route for ${path.slice(0, limits.urlParameterChars)}`);
  }
  const allow = methods.join(', ');
  return new Problem('method_not_allowed', `expected ${allow}, received ${request.method}`, {
    headers: { allow },
  });
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, position) => part.startsWith(':') || part === given[position])
  );
}
