/** An expression from its text to something that can be evaluated, or to what is wrong with it. */
import { celList, isCelError, isCelList, plan, type CelError, type CelInput } from '@bufbuild/cel';

import { variables } from './catalogue.ts';
import { checkExpression, type CheckedExpression } from './check-expression.ts';
import { fromCelValue, toCelValue } from './convert-value.ts';
import { compileDirect, type DirectProgram } from './direct/compile-direct.ts';
import type { ExpressionFault } from './expression-fault.ts';
import { textOf } from './expression-text.ts';
import { findClauses, type Clause } from './find-clauses.ts';
import { findEvidence, type EvidenceSource } from './find-evidence.ts';
import { childrenOf } from './expression-tree.ts';
import { instrument } from './instrument.ts';
import { parseExpression, type Expression, type ParsedExpression } from './parse-expression.ts';
import { environment, runWith, type Runtime } from './runtime.ts';
import { dyn, isAssignable, typeName, type Scope, type ValueType } from './value-type.ts';

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
  return { expression: new CompiledExpression(parsed, checked, scope) };
}

const catalogueScope: Scope = new Map(
  [...variables].map(([name, { type }]) => [name, type] as const),
);

/** What a variable of an expression is, as JSON and as a value of CEL. */
export interface ExpressionInput {
  fact(name: string): unknown;
  /** Only the variables that the expression uses. */
  for(expression: Pick<CompiledExpression, 'variables'>): Bindings;
}

/** A list of what was found in one list of the facts. */
export interface EvidenceFound {
  /** The list, as the expression names it. */
  readonly from: string;
  readonly items: readonly unknown[];
}

/** What the loops of an expression found. */
export interface Evidence {
  readonly found: readonly EvidenceFound[];
  /** All of it, each item once. */
  readonly items: readonly unknown[];
  /** The items as a list of CEL. */
  toCel(): CelInput;
}

export class CompiledExpression {
  readonly type: ValueType;
  readonly variables: ReadonlySet<string>;
  readonly evidenceSources: readonly EvidenceSource[];
  readonly #parsed: ParsedExpression;
  readonly #checked: CheckedExpression;
  readonly #scope: Scope;
  #text: string | undefined;
  #direct: DirectProgram | null | undefined;
  #run: Runnable | undefined;
  #clauses: readonly (Clause & { readonly run: Runnable })[] | undefined;
  #directEvidence: readonly DirectProgram[] | null | undefined;
  #evidence: readonly { readonly from: string; readonly run: Runnable }[] | undefined;

  constructor(parsed: ParsedExpression, checked: CheckedExpression, scope: Scope) {
    this.#parsed = parsed;
    this.#checked = checked;
    this.#scope = scope;
    this.type = checked.type;
    this.variables = checked.variables;
    this.evidenceSources = findEvidence(parsed, checked.types);
  }

  /** The expression as text in one form. */
  get text(): string {
    this.#text ??= textOf(this.#parsed, this.#parsed.expr);
    return this.#text;
  }

  /** Whether it is evaluated without the library, as long as there is no error. */
  get isDirect(): boolean {
    if (this.#direct === undefined) {
      this.#direct = compileDirect(this.#parsed.expr, this.#scope) ?? null;
    }
    return this.#direct !== null;
  }

  evaluate(input: ExpressionInput, runtime: Runtime): EvaluationOutcome {
    const outcome = this.isDirect
      ? this.#direct?.run((name) => input.fact(name), runtime)
      : undefined;
    return outcome ?? this.evaluateByLibrary(input, runtime);
  }

  /** The same in a tenth of the speed, with all of CEL and its errors. */
  evaluateByLibrary(input: ExpressionInput, runtime: Runtime): EvaluationOutcome {
    this.#run ??= this.#compile(this.#parsed.expr);
    return this.#evaluate(this.#run, input.for(this), runtime);
  }

  /** The conditions that the expression combines, each with its value. */
  explain(input: ExpressionInput, runtime: Runtime): readonly (Clause & EvaluationOutcome)[] {
    this.#clauses ??= findClauses(this.#parsed, this.#checked.types).map((clause) => ({
      ...clause,
      run: this.#compile(clause.node),
    }));
    const bindings = input.for(this);
    return this.#clauses.map(({ run, ...clause }) => ({
      ...clause,
      ...this.#evaluate(run, bindings, runtime),
    }));
  }

  /** The elements of lists for which a loop of the expression was true. */
  findEvidence(input: ExpressionInput, runtime: Runtime): Evidence {
    const { left } = runtime.meter;
    const direct = this.#findDirectly(input, runtime);
    if (direct !== undefined) return direct;
    runtime.meter.restore(left);
    return this.findEvidenceByLibrary(input, runtime);
  }

  /** Undefined if one of the loops needs the library. */
  #findDirectly(input: ExpressionInput, runtime: Runtime): Evidence | undefined {
    if (this.#directEvidence === undefined) this.#directEvidence = this.#compileEvidence();
    const found: EvidenceFound[] = [];
    for (const [at, program] of this.#directEvidence?.entries() ?? []) {
      const outcome = program.run((name) => input.fact(name), runtime);
      if (outcome === undefined || !Array.isArray(outcome.value)) return undefined;
      found.push({ from: this.evidenceSources[at]?.from ?? '', items: outcome.value });
    }
    return this.#directEvidence === null
      ? undefined
      : new DirectEvidence(found, this.evidenceSources);
  }

  #compileEvidence(): readonly DirectProgram[] | null {
    const programs = this.evidenceSources.map(({ node }) => compileDirect(node, this.#scope));
    const isDirect = programs.every((one) => one !== undefined);
    return isDirect ? programs : null;
  }

  findEvidenceByLibrary(input: ExpressionInput, runtime: Runtime): Evidence {
    this.#evidence ??= this.evidenceSources.map(({ from, node }) => ({
      from,
      run: this.#compile(node),
    }));
    const bindings = input.for(this);
    const lists = this.#evidence.flatMap(({ from, run }) => {
      const result = runWith(runtime, () => run(bindings as Record<string, CelInput>));
      return isCelError(result) || !isCelList(result) ? [] : [{ from, values: [...result] }];
    });
    const values = [...new Set(lists.flatMap((list) => list.values))];
    return {
      found: lists.map((list) => ({ from: list.from, items: list.values.map(fromCelValue) })),
      items: values.map(fromCelValue),
      toCel: () => celList(values),
    };
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

/** Items of the report, which only a message that needs the library has as values of CEL. */
class DirectEvidence implements Evidence {
  readonly found: readonly EvidenceFound[];
  readonly items: readonly unknown[];
  readonly #sources: readonly EvidenceSource[];

  constructor(found: readonly EvidenceFound[], sources: readonly EvidenceSource[]) {
    this.found = found;
    this.items = [...new Set(found.flatMap(({ items }) => items))];
    this.#sources = sources;
  }

  toCel(): CelInput {
    const values = new Map<unknown, CelInput>();
    for (const [at, { items }] of this.found.entries()) {
      const { element = dyn } = this.#sources[at] ?? {};
      for (const item of items) values.set(item, toCelValue(item, element) ?? null);
    }
    return celList([...values.values()]);
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
export class FactBindings implements ExpressionInput {
  readonly #facts: Readonly<Record<string, unknown>>;
  readonly #converted = new Map<string, CelInput | undefined>();
  /** Facts of which these are a variant: what both share is converted once. */
  readonly #base: FactBindings | undefined;

  constructor(facts: object, base?: FactBindings) {
    this.#facts = facts as Readonly<Record<string, unknown>>;
    this.#base = base;
  }

  fact(name: string): unknown {
    return this.#facts[name];
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
