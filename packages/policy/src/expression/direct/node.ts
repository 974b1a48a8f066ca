/** What a checked expression is compiled to, and what runs it. */
import type { Scope, ValueType } from '../value-type.ts';

export interface Frame {
  /** A fact as JSON, by the name of its variable. */
  readonly fact: (name: string) => unknown;
  /** Elements that the loops around an expression visit, by depth. */
  readonly locals: unknown[];
}

export type Run = (frame: Frame) => unknown;

/**
 * Values are those of JavaScript: an int is a whole number, a timestamp or duration is a number of
 * milliseconds, a list is an array, a record or map is an object of the report.
 */
export interface DirectNode {
  readonly type: ValueType;
  readonly run: Run;
}

export interface DirectScope {
  readonly facts: Scope;
  readonly locals: ReadonlyMap<string, { readonly slot: number; readonly type: ValueType }>;
}

/** Says that the library has to evaluate an expression: it knows all of CEL and its errors. */
export class NotDirectError extends Error {
  constructor() {
    super('the expression is evaluated by the library');
    this.name = 'NotDirectError';
  }
}

/** One for all, since it says nothing else and a stack costs more than an evaluation. */
const notDirect = new NotDirectError();

export function refuse(): never {
  throw notDirect;
}
