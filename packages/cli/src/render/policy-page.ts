/** What a policy decides about an image, as text: the verdict, then each rule with its reasons. */
import type { ActionDecision, EvidenceResult, PolicyResult, RuleResult } from '@lazaret/policy';
import { plural } from '@lazaret/protocol';

import { cliLimits } from '../limits.ts';
import type { RowOptions } from './aligned-rows.ts';
import { cutText } from './cut-text.ts';
import type { StyleName } from './style.ts';
import { visibleLine } from './visible-text.ts';
import { wrapLabelled } from './wrap-labelled.ts';

/** The result for one image of a report, or of a decision. */
export type ExplainedResult = Omit<PolicyResult, 'rules' | 'steps'> & {
  readonly rules: readonly ShownRule[];
  readonly image: string;
  /** Verdict of the inspection. */
  readonly inspection: string;
  readonly context: {
    readonly registry?: string | undefined;
    readonly repository?: string | undefined;
    readonly tag?: string | undefined;
  };
};

type ShownRule = Omit<RuleResult, 'condition'>;

const verdictStyle: Readonly<Record<PolicyResult['verdict'], StyleName>> = {
  pass: 'green',
  warn: 'yellow',
  incomplete: 'yellow',
  fail: 'red',
};

export function formatPolicyResult(result: ExplainedResult, options: RowOptions): string {
  const { style } = options;
  const { policy, verdict, reasons, rules, actions, expired, unused } = result;
  const { registry, repository, tag } = result.context;
  const place = [[registry, repository].filter(Boolean).join('/'), tag].filter(Boolean).join(':');
  const lines = [
    ...field('Image', result.image, options),
    ...(place === '' ? [] : field('Found in', place, options)),
    ...field('Policy', policy, options),
    `${'Verdict'.padEnd(labelChars)}${style(verdictStyle[verdict], verdict.toUpperCase())}`,
    ...reasons.flatMap((reason) => wrapLabelled(indent, visibleLine(reason), options)),
    ...field('Inspection', result.inspection, options),
    ...actions.flatMap(({ action, state, rules: ids, reason }, index) =>
      wrapLabelled(
        (index === 0 ? 'Actions' : '').padEnd(labelChars),
        [
          `${action}: ${style(actionStyle[state], state)}`,
          reason === undefined ? '' : ` (${visibleLine(reason)})`,
          ` by ${ids.join(', ')}`,
        ].join(''),
        options,
      ),
    ),
    '',
    ...rules.flatMap((rule) => formatRule(rule, options)),
    ...formatExceptions('Expired exceptions', expired, options),
    ...formatExceptions('Exceptions that accept nothing here', unused, options),
  ];
  return `${lines.join('\n')}\n`;
}

function formatExceptions(
  title: string,
  exceptions: PolicyResult['expired'],
  options: RowOptions,
): string[] {
  if (exceptions.length === 0) return [];
  const lines = exceptions.flatMap(({ id, owner, reason, expires }) => {
    const text = `${id} (${owner}, until ${dateOf(expires)}): ${reason}`;
    return wrapLabelled('  ', visibleLine(text), options);
  });
  return ['', options.style('bold', title), ...lines];
}

const labelChars = 12;
const indent = ' '.repeat(labelChars);

function field(label: string, text: string, options: RowOptions): string[] {
  return wrapLabelled(label.padEnd(labelChars), visibleLine(text), options);
}

/** The date alone, if it is meant until its end. */
function dateOf(time: string): string {
  return time.replace(/T23:59:59\.999Z$/, '');
}

const actionStyle: Readonly<Record<ActionDecision['state'], StyleName>> = {
  apply: 'red',
  'dry-run': 'yellow',
  withheld: 'dim',
};

const marks: Readonly<Record<RuleResult['state'], readonly [mark: string, style: StyleName]>> = {
  matched: ['✗', 'red'],
  passed: ['✓', 'green'],
  excepted: ['○', 'cyan'],
  'not-applicable': ['-', 'dim'],
  error: ['!', 'yellow'],
};

function formatRule(rule: ShownRule, options: RowOptions): string[] {
  const { style } = options;
  const [mark, color] = marks[rule.state];
  const head = `${style(color, mark)} ${style('bold', rule.id)}  ${style(color, rule.state)}`;
  const detail = `${rule.severity}, effect ${rule.effect}`;
  return [
    `${head}  ${style('dim', detail)}`,
    ...(rule.message === undefined ? [] : labelled('message', rule.message, options)),
    ...(rule.reason === undefined ? [] : labelled('because', rule.reason, options)),
    ...(rule.state === 'not-applicable' ? [] : formatClauses(rule, options)),
    ...rule.evidence.flatMap((one) => formatEvidence(one, options)),
    ...rule.exceptions.flatMap(({ id, owner, expires, reason, items, source }) => {
      const what = items === 0 ? 'the rule' : plural(items, 'item');
      const from = source === 'policy' ? '' : `, ${source}`;
      const text = `${id}: accepts ${what} (${owner}, until ${dateOf(expires)}${from}): ${reason}`;
      return labelled('exception', text, options);
    }),
    ...rule.actions.flatMap(({ action, state, reason }) => {
      const text = `${action}: ${state}${reason === undefined ? '' : ` (${reason})`}`;
      return labelled('action', text, options);
    }),
  ];
}

const ruleLabelChars = 11;

function labelled(label: string, text: string, options: RowOptions): string[] {
  const start = `    ${options.style('dim', label.padEnd(ruleLabelChars))}`;
  return wrapLabelled(start, visibleLine(text), options);
}

function formatClauses({ clauses }: ShownRule, options: RowOptions): string[] {
  return clauses.flatMap(({ text, isOperand, value, error }) => {
    if (isOperand) {
      const shown = error === undefined ? JSON.stringify(value) : error;
      return labelled('', `where ${text} = ${shown}`, options);
    }
    return labelled(error === undefined ? String(value) : 'error', error ?? text, options);
  });
}

function formatEvidence({ from, total, items }: EvidenceResult, options: RowOptions): string[] {
  const shown = items.slice(0, cliLimits.evidenceShown);
  const isCut = options.widthChars !== undefined;
  const lines = shown.map((item) => {
    const line = `${' '.repeat(4 + ruleLabelChars)}${visibleLine(describeItem(item, isCut))}`;
    return options.widthChars === undefined ? line : cutText(line, options.widthChars);
  });
  const rest = total - shown.length;
  const more = rest > 0 ? [`${' '.repeat(4 + ruleLabelChars)}and ${rest} more`] : [];
  return [...labelled('evidence', `${total} of ${from}`, options), ...lines, ...more];
}

/** The fields that identify an item of a report, in this order. */
const identifying = [
  ...['severity', 'scanner', 'by', 'rule', 'purl', 'name', 'uid', 'path', 'reason', 'detail'],
  'id',
];

/** @param isCut IDs of findings are long; they are for files, pipes and `-o wide`. */
function describeItem(item: unknown, isCut: boolean): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const fields = item as Readonly<Record<string, unknown>>;
  const parts = identifying.flatMap((name) => {
    const value = fields[name];
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    if (name === 'id' && isCut && 'scanner' in fields) return [];
    return [name === 'uid' ? `uid ${value}` : String(value)];
  });
  return parts.length === 0 ? JSON.stringify(item) : parts.join('  ');
}
