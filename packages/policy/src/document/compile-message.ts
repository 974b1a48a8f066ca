/** Messages of rules: text with `{{ expressions }}`, rendered with the evidence of a match. */
import { compileExpression, type CompiledExpression } from '../expression/compile-expression.ts';
import type { ExpressionInput } from '../expression/compile-expression.ts';
import type { Runtime } from '../expression/runtime.ts';
import type { ExpressionFault } from '../expression/expression-fault.ts';
import { joinTypes, type ValueType } from '../expression/value-type.ts';
import { policyLimits } from '../limits.ts';

type Part = string | CompiledExpression;

export interface MessageTemplate {
  readonly parts: readonly Part[];
}

export type MessageResult =
  | { readonly template: MessageTemplate; readonly faults?: undefined }
  | { readonly template?: undefined; readonly faults: readonly ExpressionFault[] };

const printable: readonly ValueType[] = [
  ...(['string', 'int', 'uint', 'double', 'bool', 'timestamp', 'duration'] as const).map(
    (kind) => ({ kind }),
  ),
  { kind: 'list', element: { kind: 'string' } },
];

/** @param condition Types `evidence`, the list of what its loops found, if it has any. */
export function compileMessage(text: string, condition: CompiledExpression): MessageResult {
  const parts: Part[] = [];
  const faults: ExpressionFault[] = [];
  const scope = scopeOf(condition);
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('{{', at);
    if (start === -1) break;
    parts.push(text.slice(at, start));
    const end = text.indexOf('}}', start);
    if (end === -1) {
      return { faults: [{ offset: start, message: 'missing }} for this {{' }] };
    }
    const compiled = compileExpression(text.slice(start + 2, end), { scope, expected: printable });
    if (compiled.expression !== undefined) parts.push(compiled.expression);
    const found = compiled.faults ?? [];
    const shift = start + 2;
    faults.push(...found.map((one) => ({ ...explain(one, scope), offset: one.offset + shift })));
    at = end + 2;
  }
  parts.push(text.slice(at));
  const { expressionsPerMessage } = policyLimits;
  if (parts.filter((part) => typeof part !== 'string').length > expressionsPerMessage) {
    const message = `a message has at most ${expressionsPerMessage} expressions`;
    return { faults: [{ offset: 0, message }] };
  }
  return faults.length > 0 ? { faults } : { template: { parts } };
}

function scopeOf({ evidenceSources }: CompiledExpression): ReadonlyMap<string, ValueType> {
  const [first, ...others] = evidenceSources.map(({ element }) => element);
  if (first === undefined) return new Map();
  const element = others.reduce<ValueType | undefined>(
    (joined, one) => (joined === undefined ? undefined : joinTypes(joined, one)),
    first,
  );
  if (element === undefined) return new Map();
  return new Map([['evidence', { kind: 'list', element } as const]]);
}

function explain(fault: ExpressionFault, scope: ReadonlyMap<string, ValueType>): ExpressionFault {
  if (scope.has('evidence') || !fault.message.startsWith('unknown variable "evidence"')) {
    return fault;
  }
  const message =
    'there is no evidence: the condition has no exists, filter or !all over lists of one type';
  return { ...fault, message };
}

/** The message, cut to its limit; parts that cannot be evaluated say why in brackets. */
export function renderMessage(
  { parts }: MessageTemplate,
  input: ExpressionInput,
  runtime: Runtime,
): string {
  const text = parts.map((part) => {
    if (typeof part === 'string') return part;
    const { value, error } = part.evaluate(input, runtime);
    if (error !== undefined) return `[${error}]`;
    return Array.isArray(value) ? value.join(', ') : String(value);
  });
  const whole = text.join('');
  const { messageChars } = policyLimits;
  return whole.length > messageChars ? `${whole.slice(0, messageChars - 3)}...` : whole;
}
