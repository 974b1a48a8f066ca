/** An expression from its text to something that can be evaluated, or to what is wrong with it. */
import {
  celList,
  isCelError,
  isCelList,
  plan,
  type CelError,
  type CelInput,
  type CelValue,
} from '@bufbuild/cel';

import { variables } from './catalogue.ts';
import { checkExpression, type CheckedExpression } from './check-expression.ts';
import { fromCelValue, toCelValue } from './convert-value.ts';
import type { ExpressionFault } from './expression-fault.ts';
import { textOf } from './expression-text.ts';
import { findClauses, type Clause } from './find-clauses.ts';
import { findEvidence, type EvidenceSource } from './find-evidence.ts';
import { childrenOf } from './expression-tree.ts';
import { instrument } from './instrument.ts';
import { parseExpression, type Expression, type ParsedExpression } from './parse-expression.ts';
import { environment, runWith, type Runtime } from './runtime.ts';
import { isAssignable, typeName, type Scope, type ValueType } from './value-type.ts';

export interface CompileOptions {
  /** Variables besides those of the catalogue. */
  readonly scope?: Scope;
  /** Types that the result may have. */
  readonly expected: readonly ValueType[];
}

export type CompileResult =
  | { readonly expression: CompiledExpression; readonly faults?: undefined }
  | { readonly expression?: undefined; readonly faults: readonly ExpressionFault[] };

/** A value as JSON, or why there is none. */
export type EvaluationOutcome =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: string };

/** Values of CEL by the name of their variable; only those that an expression uses. */
export type Bindings = Readonly<Record<string, CelInput | undefined>>;

export function compileExpression(text: string, options: CompileOptions): CompileResult {
  const { parsed, fault } = parseExpression(text);
  if (parsed === undefined) return { faults: [fault] };
  const scope = new Map([...catalogueScope, ...(options.scope ?? [])]);
  const checked = checkExpression(parsed, scope);
  if (checked.faults.length > 0) return { faults: checked.faults };
  if (!options.expected.some((type) => isAssignable(checked.type, type))) {
    const expected = options.expected.map(typeName).join(', ');
    const message = `the result is of type ${typeName(checked.type)}; expected ${expected}`;
    return { faults: [{ offset: 0, message }] };
  }
  return { expression: new CompiledExpression(parsed, checked) };
}

const catalogueScope: Scope = new Map(
  [...variables].map(([name, { type }]) => [name, type] as const),
);

/** A list of what was found in one list of the facts. */
export interface EvidenceFound {
  /** The list, as the expression names it. */
  readonly from: string;
  readonly items: readonly unknown[];
  /** The items as values of CEL. */
  readonly values: readonly CelValue[];
}

/** All evidence as one list of CEL, each item once. */
export function joinEvidence(found: readonly EvidenceFound[]): CelInput {
  return celList([...new Set(found.flatMap(({ values }) => values))]);
}

export class CompiledExpression {
  readonly type: ValueType;
  readonly variables: ReadonlySet<string>;
  readonly evidenceSources: readonly EvidenceSource[];
  readonly #parsed: ParsedExpression;
  readonly #checked: CheckedExpression;
  #text: string | undefined;
  #run: Runnable | undefined;
  #clauses: readonly (Clause & { readonly run: Runnable })[] | undefined;
  #evidence: readonly { readonly from: string; readonly run: Runnable }[] | undefined;

  constructor(parsed: ParsedExpression, checked: CheckedExpression) {
    this.#parsed = parsed;
    this.#checked = checked;
    this.type = checked.type;
    this.variables = checked.variables;
    this.evidenceSources = findEvidence(parsed, checked.types);
  }

  /** The expression as text in one form. */
  get text(): string {
    this.#text ??= textOf(this.#parsed, this.#parsed.expr);
    return this.#text;
  }

  evaluate(bindings: Bindings, runtime: Runtime): EvaluationOutcome {
    this.#run ??= this.#compile(this.#parsed.expr);
    return this.#evaluate(this.#run, bindings, runtime);
  }

  /** The conditions that the expression combines, each with its value. */
  explain(bindings: Bindings, runtime: Runtime): readonly (Clause & EvaluationOutcome)[] {
    this.#clauses ??= findClauses(this.#parsed, this.#checked.types).map((clause) => ({
      ...clause,
      run: this.#compile(clause.node),
    }));
    return this.#clauses.map(({ run, ...clause }) => ({
      ...clause,
      ...this.#evaluate(run, bindings, runtime),
    }));
  }

  /** The elements of lists for which a loop of the expression was true. */
  findEvidence(bindings: Bindings, runtime: Runtime): readonly EvidenceFound[] {
    this.#evidence ??= this.evidenceSources.map(({ from, node }) => ({
      from,
      run: plan(environment, node),
    }));
    return this.#evidence.flatMap(({ from, run }) => {
      const result = runWith(runtime, () => run(bindings as Record<string, CelInput>));
      if (isCelError(result) || !isCelList(result)) return [];
      const values = [...result];
      return [{ from, values, items: values.map(fromCelValue) }];
    });
  }

  #compile(node: Expression): Runnable {
    return plan(environment, instrument(node, this.#checked.types));
  }

  #evaluate(run: Runnable, bindings: Bindings, runtime: Runtime): EvaluationOutcome {
    const result = runWith(runtime, () => run(bindings as Record<string, CelInput>));
    // an error can be absorbed by `true ||`, but not that the work was cut short
    if (runtime.meter.isExhausted) return { error: runtime.meter.message };
    if (isCelError(result)) return { error: this.#describe(result) };
    return { value: fromCelValue(result) };
  }

  #describe({ message, exprId }: Pick<CelError, 'message' | 'exprId'>): string {
    const node = exprId === undefined ? undefined : findNode(this.#parsed.expr, exprId);
    const where = node === undefined ? '' : ` in "${textOf(this.#parsed, node)}"`;
    return `${message}${where}`;
  }
}

type Runnable = ReturnType<typeof plan>;

function findNode(expression: Expression, id: bigint): Expression | undefined {
  if (expression.id === id) return expression;
  for (const child of childrenOf(expression)) {
    const found = findNode(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Values for an expression: facts are converted when an expression uses them, and only once. */
export class FactBindings {
  readonly #facts: Readonly<Record<string, unknown>>;
  readonly #converted = new Map<string, CelInput | undefined>();
  /** Facts of which these are a variant: what both share is converted once. */
  readonly #base: FactBindings | undefined;

  constructor(facts: object, base?: FactBindings) {
    this.#facts = facts as Readonly<Record<string, unknown>>;
    this.#base = base;
  }

  for({ variables: names }: Pick<CompiledExpression, 'variables'>): Bindings {
    return Object.fromEntries([...names].map((name) => [name, this.#value(name)]));
  }

  #value(name: string): CelInput | undefined {
    const known = this.#converted.get(name);
    if (known !== undefined) return known;
    if (this.#base !== undefined && this.#base.#facts[name] === this.#facts[name]) {
      return this.#base.#value(name);
    }
    const variable = variables.get(name);
    if (variable === undefined) return undefined;
    const converted = toCelValue(this.#facts[name], variable.type);
    this.#converted.set(name, converted);
    return converted;
  }
}
