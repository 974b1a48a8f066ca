/** Decisions of policies as text; their rules look as those of `lazaret policy explain`. */
import type {
  Decision,
  DecisionDetail,
  DecisionEffect,
  DecisionExplanation,
  ExplainedRule,
} from '@lazaret/protocol';

import { formatCell } from './cell.ts';
import type { PageOptions } from './page.ts';
import { formatPolicyResult, type ExplainedResult } from './policy-page.ts';
import { visibleLine } from './visible-text.ts';
import { wrapLabelled } from './wrap-labelled.ts';

type ExplainedImage = DecisionExplanation['images'][number];

/** The decisions in force about a digest, each with its rules as they evaluate now. */
export function formatExplanations(
  items: readonly DecisionExplanation[],
  options: PageOptions,
): string {
  return items
    .map(({ decision, images }) => {
      const pages = images.map((image) => formatPolicyResult(toResult(decision, image), options));
      const title = options.style('bold', 'Evaluated now');
      const rest = pages.length === 0 ? ['No report is stored: nothing to evaluate.\n'] : pages;
      return [formatHead(decision, options), ...rest.map((page) => `${title}\n${page}`)];
    })
    .flat()
    .join('\n');
}

/** One decision as it was recorded. */
export function formatDecision(decision: DecisionDetail, options: PageOptions): string {
  const { images, rules, exceptions } = decision;
  const lines = images.flatMap(({ digest, platform, inspection, verdict }) =>
    field('Image', [platform, digest, verdict, `inspection ${inspection}`].join('  '), options),
  );
  const page = formatPolicyResult(
    {
      ...describe(decision),
      rules: rules.map(({ image, id, ...rule }) => {
        const used = exceptions
          .filter(({ rule: of }) => of === id)
          .map((exception) => ({ ...exception, items: 0 }));
        const name = image === null ? id : `${id} (${image})`;
        return { ...toRule({ ...rule, id, clauses: [], exceptions: used, actions: [] }), id: name };
      }),
    },
    options,
  );
  return `${[...headLines(decision, options), ...lines].join('\n')}\n\n${page}`;
}

function formatHead(decision: Decision, options: PageOptions): string {
  return `${headLines(decision, options).join('\n')}\n`;
}

/** What was decided, when and why. */
function headLines(decision: Decision, options: PageOptions): readonly string[] {
  const { id, inForce, verdict, action, trigger, causedBy, approvedBy } = decision;
  const decidedAt = formatCell('decidedAt', decision.decidedAt, { now: options.now, short: false });
  return [
    ...field('Decision', `${id}, ${inForce ? 'in force' : 'no longer in force'}`, options),
    `${'Decided'.padEnd(labelChars)}${verdict.toUpperCase()}, action ${action}`,
    ...field('When', `${decidedAt}, because of: ${trigger} (${causedBy})`, options),
    ...(approvedBy === 'policy' ? [] : field('Approved by', approvedBy, options)),
    ...(decision.effect === null ? [] : field('Effect', describeEffect(decision.effect), options)),
    ...field('Arrival', decision.arrival, options),
    ...(decision.previous === null ? [] : field('Replaces', decision.previous, options)),
  ];
}

/** `proposed: 10 ran in the last hour (action ID)` */
function describeEffect({ state, detail, action }: DecisionEffect): string {
  const why = detail === null ? '' : `: ${detail}`;
  return `${state}${why}${action === null ? '' : ` (action ${action})`}`;
}

const labelChars = 12;

function field(label: string, text: string, options: PageOptions): string[] {
  return wrapLabelled(label.padEnd(labelChars), visibleLine(text), options);
}

function describe(decision: Decision): ExplainedResult {
  const { registry, repository, tags, digest, policy, policyVersion, verdict } = decision;
  return {
    image: digest,
    context: { registry, repository, tag: tags.join(', ') },
    policy: policyVersion === 0 ? `${policy} (built-in)` : `${policy} version ${policyVersion}`,
    inspection: decision.inspected ?? 'none',
    ...{ verdict, reasons: decision.reasons, rules: [], expired: [], unused: [] },
    actions: decision.actions.map(withoutNull),
  };
}

function toResult(decision: Decision, image: ExplainedImage): ExplainedResult {
  const { policy, verdict, reasons, rules, expired, unused, platform, digest } = image;
  return {
    ...describe(decision),
    image: platform === null ? digest : `${digest} (${platform})`,
    inspection: image.inspected,
    ...{ policy, verdict, reasons, expired, unused },
    actions: image.actions.map(withoutNull),
    rules: rules.map(toRule),
  };
}

const errorStart = 'error: ';

function toRule({
  clauses,
  actions,
  message,
  reason,
  ...rule
}: Omit<ExplainedRule, 'condition'>): ExplainedResult['rules'][number] {
  return {
    ...rule,
    ...(message !== null && { message }),
    ...(reason !== null && { reason }),
    clauses: clauses.map(({ text, isOperand, value }) => ({
      ...{ text, isOperand },
      ...(value.startsWith(errorStart)
        ? { error: value.slice(errorStart.length) }
        : { value: JSON.parse(value) as unknown }),
    })),
    actions: actions.map(withoutNull),
  };
}

function withoutNull<T extends { readonly reason: string | null }>({ reason, ...rest }: T) {
  return { ...rest, ...(reason !== null && { reason }) };
}
