import { jobSubmission, operations } from '@lazaret/protocol';
import { describe, expect, it } from 'vitest';

import { deriveCommand, commandOperations, type CommandOperation } from './derive-command.ts';
import { attributeOf, kebabCase } from './flag-names.ts';
import { deriveFlags, fieldsOf, readFields } from './operation-flags.ts';

const { access, jobs, engines } = operations;

function flag(operation: Parameters<typeof deriveFlags>[0], field: string) {
  return deriveFlags(operation).find((one) => one.field === field);
}

describe('flags of an operation', () => {
  it('derives a repeatable choice from a list of an enumeration', () => {
    const state = flag(jobs.list, 'state');
    expect(state).toMatchObject({ kind: 'list', spec: { name: 'state', repeatable: true } });
    expect(state?.spec.choices).toContain('timed_out');
  });

  it('derives a negatable switch from a boolean, also in a query', () => {
    expect(flag(engines.list, 'enabled')).toMatchObject({
      kind: 'boolean',
      spec: { name: 'enabled', negatable: true },
    });
    expect(flag(access.userUpdate, 'disabled')?.spec.negatable).toBe(true);
  });

  it('accepts durations as text, like the schema', () => {
    const fields = fieldsOf(jobSubmission);
    expect(fields.find(({ field }) => field === 'timeLimit')).toMatchObject({
      kind: 'text',
      spec: { name: 'time-limit', value: 'quantity' },
    });
    expect(readFields(fields, { timeLimit: '90s', priority: '5' })).toEqual({
      timeLimit: '90s',
      priority: 5,
    });
  });

  it('does not treat a digest as a quantity', () => {
    expect(flag(operations.searches.run, 'sha256')?.spec.value).toBe('text');
  });

  it('reads grants from role and role@project', () => {
    const fields = deriveFlags(access.userCreate);
    const given = readFields(fields, { role: ['operator', 'submitter@lab'] });
    expect(given).toEqual({
      grants: [
        { role: 'operator', project: null },
        { role: 'submitter', project: 'lab' },
      ],
    });
    expect(access.userCreate.body?.safeParse({ name: 'al', ...given }).success).toBe(true);
  });

  it('rejects an invalid number', () => {
    const fields = deriveFlags(access.tokenCreate);
    expect(() => readFields(fields, { days: 'many' })).toThrow(/--days: expected a number/);
    expect(() => readFields(fields, { days: '' })).toThrow(/--days/);
  });

  it('omits positional fields and those of paging', () => {
    const names = deriveFlags(access.tokenCreate).map(({ spec }) => spec.name);
    expect(names).toEqual(['days', 'permission', 'project']);
    expect(deriveFlags(jobs.list).map(({ field }) => field)).not.toContain('cursor');
  });

  it('has a summary for every flag of every command', () => {
    const missing = commandOperations()
      .flatMap((operation) => deriveFlags(operation))
      .filter(({ spec }) => /^(; repeatable)?$/.test(spec.summary))
      .map(({ field }) => field);
    expect(missing).toEqual([]);
  });
});

describe('arguments of an operation', () => {
  it('takes path parameters first, then positional fields', () => {
    const command = deriveCommand(access.projectCreate as CommandOperation);
    expect(command.arguments.map(({ name }) => name)).toEqual(['name']);
    const show = deriveCommand(engines.show as CommandOperation);
    expect(show.arguments).toMatchObject([{ name: 'name', required: true, completes: 'engine' }]);
  });

  it('accepts several IDs for the same action', () => {
    expect(deriveCommand(jobs.cancel as CommandOperation).arguments[0]?.variadic).toBe(true);
    expect(deriveCommand(engines.show as CommandOperation).arguments[0]?.variadic).toBe(undefined);
  });

  it('asks for confirmation if the operation requires it', () => {
    const names = deriveCommand(engines.remove as CommandOperation).flags.map(({ name }) => name);
    expect(names).toContain('yes');
  });
});

describe('names of flags', () => {
  it.each(['timeLimit', 'sha256', 'submittedBy', 'project'])('%s survives the way back', (name) => {
    expect(attributeOf(kebabCase(name))).toBe(name);
  });
});
