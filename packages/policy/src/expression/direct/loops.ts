/** The loops that macros are expanded to: `exists`, `all`, `exists_one`, `filter` and `map`. */
import type { Comprehension } from '../expression-tree.ts';
import { nodesOf } from '../instrument.ts';
import type { Expression } from '../parse-expression.ts';
import { spend } from '../runtime.ts';
import type { ValueType } from '../value-type.ts';
import { refuse, type DirectNode, type DirectScope, type Frame, type Run } from './node.ts';
import { elementReaderOf } from './read-value.ts';

interface LoopContext {
  readonly scope: DirectScope;
  readonly compile: (expression: Expression | undefined, scope: DirectScope) => DirectNode;
}

/** What each iteration does; expressions inside are compiled by `part`. */
interface Loop {
  readonly accumulator: string;
  readonly step: { readonly name: string; readonly args: readonly Expression[] };
  readonly part: (expression: Expression | undefined) => DirectNode;
  /** Calls back with each element bound, until the callback answers false. */
  readonly each: (frame: Frame, visit: () => void, isDone: () => boolean) => void;
}

export function compileLoop(loop: Comprehension, { scope, compile }: LoopContext): DirectNode {
  const { accuInit, accuVar: accumulator, iterVar, iterRange, loopStep } = loop;
  const range = compile(iterRange, scope);
  const element = range.type.kind === 'list' ? range.type.element : refuse();
  if (loopStep?.exprKind.case !== 'callExpr') return refuse();
  const slot = scope.locals.size;
  const locals = new Map(scope.locals).set(iterVar, { slot, type: element });
  // an inner variable of the same name has a slot of its own
  if (locals.size === slot) return refuse();
  const { function: name, args } = loopStep.exprKind.value;
  const plan: Loop = {
    accumulator,
    step: { name, args },
    part: (expression) => compile(expression, { ...scope, locals }),
    each: iterate({ range: range.run, slot, element, cost: nodesOf(loopStep) }),
  };
  const start = accuInit?.exprKind;
  if (start?.case === 'listExpr') return compileCollection(plan);
  const { case: kind, value } = start?.case === 'constExpr' ? start.value.constantKind : refuse();
  if (kind === 'boolValue') return compileSearch(plan, value);
  return kind === 'int64Value' ? compileCount(plan) : refuse();
}

interface Range {
  readonly range: Run;
  readonly slot: number;
  readonly element: ValueType;
  /** Of one iteration. */
  readonly cost: number;
}

/** Pays as an instrumented loop does: also for the iteration that finds out that it is done. */
function iterate({ range, slot, element, cost }: Range): Loop['each'] {
  const read = elementReaderOf(element);
  return (frame, visit, isDone) => {
    const list = range(frame) as readonly unknown[];
    spend(list.length >> 2);
    for (const item of list) {
      spend(cost);
      if (isDone()) return;
      frame.locals[slot] = read(item);
      visit();
    }
  };
}

/** `exists` starts with false, `all` with true. */
function compileSearch({ step, accumulator, part, each }: Loop, start: boolean): DirectNode {
  const [before, condition, ...others] = step.args;
  const isMacro = step.name === (start ? '_&&_' : '_||_') && isName(before, accumulator);
  if (!isMacro || others.length > 0) return refuse();
  const { run, type } = part(condition);
  if (type.kind !== 'bool') return refuse();
  return {
    type,
    run(frame) {
      let state = start;
      each(
        frame,
        () => {
          state = run(frame) as boolean;
        },
        () => state !== start,
      );
      return state;
    },
  };
}

const never = (): boolean => false;

/** `exists_one` */
function compileCount({ step, part, each }: Loop): DirectNode {
  if (step.name !== '_?_:_') return refuse();
  const { run, type } = part(step.args[0]);
  if (type.kind !== 'bool') return refuse();
  return {
    type,
    run(frame) {
      let count = 0;
      each(
        frame,
        () => {
          if (run(frame) as boolean) count += 1;
        },
        never,
      );
      // the comparison with 1
      spend(1);
      return count === 1;
    },
  };
}

/** `filter`, `map`, and `map` with a condition. */
function compileCollection({ step, part, each }: Loop): DirectNode {
  const { condition, added } = readStep(step);
  const element = part(added);
  const test = condition === undefined ? undefined : part(condition);
  if (test !== undefined && test.type.kind !== 'bool') return refuse();
  return {
    type: { kind: 'list', element: element.type },
    run(frame) {
      const list: unknown[] = [];
      each(
        frame,
        () => {
          if (test === undefined || (test.run(frame) as boolean)) list.push(element.run(frame));
        },
        never,
      );
      return list;
    },
  };
}

/** `list + [added]`, or the same where a condition is true. */
function readStep({ name, args }: Loop['step']): {
  readonly condition: Expression | undefined;
  readonly added: Expression;
} {
  const [first, second] = args;
  if (name === '_?_:_' && second?.exprKind.case === 'callExpr') {
    const { function: inner, args: innerArgs } = second.exprKind.value;
    return { condition: first, added: addedElement(inner, innerArgs) };
  }
  return { condition: undefined, added: addedElement(name, args) };
}

function addedElement(name: string, [, list]: readonly Expression[]): Expression {
  if (name !== '_+_' || list?.exprKind.case !== 'listExpr') return refuse();
  const [element, ...others] = list.exprKind.value.elements;
  return element === undefined || others.length > 0 ? refuse() : element;
}

function isName(expression: Expression | undefined, name: string): boolean {
  return expression?.exprKind.case === 'identExpr' && expression.exprKind.value.name === name;
}
