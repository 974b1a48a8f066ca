/** Evaluates one rule: scope, condition, exceptions, evidence, message, actions. */
import { renderMessage } from '../document/compile-message.ts';
import type { CompiledRule } from '../document/parse-policy.ts';
import {
  FactBindings,
  type EvaluationOutcome,
  type Evidence,
  type EvidenceFound,
  type ExpressionInput,
} from '../expression/compile-expression.ts';
import { Meter } from '../expression/meter.ts';
import type { CompareVersions, Runtime } from '../expression/runtime.ts';
import { unavailableReason } from '../facts/build-facts.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';
import { policyLimits } from '../limits.ts';
import { decideRuleActions, type ActionInput } from './decide-actions.ts';
import { exceptFacts, type ExceptedFacts } from './except-facts.ts';
import type { ExceptionSet, PolicyException } from './exceptions.ts';
import { weakGrounds } from './grounds.ts';
import type {
  AppliedException,
  ClauseResult,
  EvidenceResult,
  RuleResult,
} from './policy-result.ts';
import { outOfScopeReason } from './rule-scope.ts';

export interface RuleContext {
  readonly facts: PolicyFacts;
  readonly bindings: FactBindings;
  readonly exceptions: ExceptionSet;
  readonly compareVersions: CompareVersions;
  /** The budget of the policy. */
  readonly meter: Meter;
  readonly actions: ActionInput;
  /** Whether the parts of each condition are evaluated on their own, too. */
  readonly explain: boolean;
}

export function evaluateRule(rule: CompiledRule, context: RuleContext): RuleResult {
  const base = {
    id: rule.id,
    ...(rule.description !== undefined && { description: rule.description }),
    severity: rule.severity,
    effect: rule.effect,
    condition: rule.compiled.text,
    clauses: [],
    evidence: [],
    exceptions: [],
    actions: [],
  };
  const { facts } = context;
  const outside = outOfScopeReason(rule.appliesTo, facts);
  if (outside !== undefined) return { ...base, state: 'not-applicable', reason: outside };
  const unavailable = [...rule.compiled.variables]
    .map((name) => unavailableReason(facts, name))
    .find((reason) => reason !== undefined);
  if (unavailable !== undefined) return { ...base, state: 'error', reason: unavailable };
  const evaluation = new RuleEvaluation(rule, context);
  const first = evaluation.run(context.bindings);
  const clauses = context.explain ? evaluation.explain(context.bindings) : [];
  if (first.error !== undefined) return { ...base, clauses, state: 'error', reason: first.error };
  if (first.value !== true) return { ...base, clauses, state: 'passed' };
  return { ...base, clauses, ...evaluation.applyExceptions() };
}

type MatchedPart = Pick<RuleResult, 'state' | 'exceptions'> & Partial<RuleResult>;

class RuleEvaluation {
  readonly #rule: CompiledRule;
  readonly #context: RuleContext;

  constructor(rule: CompiledRule, context: RuleContext) {
    this.#rule = rule;
    this.#context = context;
  }

  run(bindings: FactBindings): EvaluationOutcome {
    const { compiled } = this.#rule;
    return this.#metered((runtime) => compiled.evaluate(bindings, runtime));
  }

  explain(bindings: FactBindings): readonly ClauseResult[] {
    const { compiled } = this.#rule;
    const clauses = this.#metered((runtime) => compiled.explain(bindings, runtime));
    return clauses.map(({ text, isOperand, value, error }) => ({
      ...{ text, isOperand },
      ...(error === undefined ? { value } : { error }),
    }));
  }

  /** A rule that matches has to match without what exceptions accept, too. */
  applyExceptions(): MatchedPart {
    const { facts, bindings, exceptions } = this.#context;
    const whole = exceptions.ofRule(this.#rule.id);
    if (whole.length > 0) {
      const applied = whole.map((one) => describe(one, 0));
      return { state: 'excepted', reason: 'an exception covers the rule', exceptions: applied };
    }
    const left = this.#exceptFacts(facts);
    if (typeof left === 'string') return { state: 'error', reason: left, exceptions: [] };
    const applied = [...left.applied].map(([one, items]) => describe(one, items));
    if (applied.length === 0) return { exceptions: [], ...this.#match(facts, bindings) };
    const rest = new FactBindings(left.facts, bindings);
    const { value, error } = this.run(rest);
    if (error !== undefined) return { state: 'error', reason: error, exceptions: applied };
    if (value === true) return { exceptions: applied, ...this.#match(left.facts, rest) };
    const reason = 'exceptions cover all that it matches';
    return { state: 'excepted', reason, exceptions: applied };
  }

  /** The facts without what exceptions accept, or why they cannot be computed. */
  #exceptFacts(facts: PolicyFacts): ExceptedFacts | string {
    const { id, compiled } = this.#rule;
    const { exceptions } = this.#context;
    return this.#metered(({ meter }) => {
      try {
        return exceptFacts(facts, { id, variables: compiled.variables, exceptions, meter });
      } catch (error) {
        if (!meter.isExhausted) throw error;
        return meter.message;
      }
    });
  }

  #match(facts: PolicyFacts, bindings: FactBindings): Omit<MatchedPart, 'exceptions'> {
    const { compiled, template, actions, dryRun } = this.#rule;
    const found = this.#metered((runtime) => compiled.findEvidence(bindings, runtime));
    const message =
      template === undefined
        ? undefined
        : this.#metered((runtime) =>
            renderMessage(template, withEvidence(bindings, found), runtime),
          );
    const matched = { actions, dryRun, weakGrounds: () => this.#weakGrounds(facts) };
    return {
      state: 'matched',
      evidence: summarize(found.found),
      ...(message !== undefined && { message }),
      actions: decideRuleActions(matched, this.#context.actions),
    };
  }

  #weakGrounds(facts: PolicyFacts): string | undefined {
    return weakGrounds(facts, (other) => {
      const { value } = this.run(new FactBindings(other, this.#context.bindings));
      return value === true;
    });
  }

  /** Each evaluation has a budget of its own, within that of the policy. */
  #metered<Result>(run: (runtime: Runtime) => Result): Result {
    const { meter: whole, compareVersions } = this.#context;
    const meter = new Meter(Math.min(policyLimits.stepsPerExpression, whole.left));
    const result = run({ meter, compareVersions });
    whole.take(meter.spent);
    return result;
  }
}

/** One entry for each list, with each item once; lists without any are omitted. */
function summarize(found: readonly EvidenceFound[]): EvidenceResult[] {
  const lists = new Map<string, Set<unknown>>();
  for (const { from, items } of found) {
    const list = lists.get(from) ?? new Set();
    for (const item of items) list.add(item);
    lists.set(from, list);
  }
  return [...lists]
    .filter(([, { size }]) => size > 0)
    .map(([from, list]) => ({
      from,
      total: list.size,
      items: [...list].slice(0, policyLimits.evidenceItems),
    }));
}

function describe(exception: PolicyException, items: number): AppliedException {
  const { id, owner, reason, expires, source } = exception;
  return { id, owner, reason, expires, source, items };
}

/** The input of a message: facts, and `evidence` if the condition has any. */
function withEvidence(bindings: FactBindings, evidence: Evidence): ExpressionInput {
  return {
    fact: (name) => (name === 'evidence' ? evidence.items : bindings.fact(name)),
    for: (expression) => ({
      ...bindings.for(expression),
      ...(expression.variables.has('evidence') && { evidence: evidence.toCel() }),
    }),
  };
}
