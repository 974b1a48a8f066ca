/**
 * Invariants as conditions: each becomes CEL that is true if the invariant is violated, so that
 * invariants are evaluated, explained and given evidence as all other conditions are.
 */
import { severity } from '@lazaret/protocol';

import type { Requirement } from './policy-schema.ts';

export function compileRequirement(requirement: Requirement): string {
  const { file, package: wanted, users, findings } = requirement;
  const parts = [
    ...(file === undefined ? [] : [fileViolation(file)]),
    ...(wanted === undefined ? [] : [packageViolation(wanted)]),
    ...(users === undefined ? [] : userViolations(users)),
    ...(findings === undefined ? [] : [findingViolation(findings)]),
  ];
  return parts.length === 1 ? (parts[0] ?? 'false') : parts.map((one) => `(${one})`).join(' || ');
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function all(conditions: readonly string[]): string {
  return conditions.join(' && ');
}

function fileViolation(file: NonNullable<Requirement['file']>): string {
  const path = file.path.replace(/^\/+/, '');
  const selected = all([`f.path.glob(${quote(path)})`, '!has(f.hiddenBy)']);
  const properties = [
    ...(file.mode === undefined ? [] : [`f.mode == octal(${quote(file.mode)})`]),
    ...(file.uid === undefined ? [] : [`f.uid == ${file.uid}`]),
    ...(file.gid === undefined ? [] : [`f.gid == ${file.gid}`]),
    ...(file.sha256 === undefined ? [] : [`f.sha256 == ${quote(file.sha256)}`]),
  ];
  const wanted = properties.length === 0 ? [] : [`(${all(properties)})`];
  if (!file.exists) return `files.exists(f, ${all([selected, ...wanted])})`;
  const missing = `!files.exists(f, ${selected})`;
  if (properties.length === 0) return missing;
  return `${missing} || files.exists(f, ${selected} && !(${all(properties)}))`;
}

function packageViolation(wanted: NonNullable<Requirement['package']>): string {
  const { name, type, installed, minVersion } = wanted;
  const selected = all([
    /[*?]/.test(name) ? `p.name.glob(${quote(name)})` : `p.name == ${quote(name)}`,
    ...(type === undefined ? [] : [`p.type == ${quote(type)}`]),
    'p.state in ["installed", "broken"]',
    '!has(p.hiddenBy)',
  ]);
  if (installed === false) return `packages.exists(p, ${selected})`;
  const missing = installed === true ? [`!packages.exists(p, ${selected})`] : [];
  const outdated =
    minVersion === undefined
      ? []
      : [`packages.exists(p, ${selected} && versionBelow(p, ${quote(minVersion)}))`];
  return [...missing, ...outdated].join(' || ');
}

function userViolations(users: NonNullable<Requirement['users']>): string[] {
  const isRoot = 'u.uid == 0 && !has(u.hiddenBy)';
  return [
    ...(users.onlyRootHasUid0 === true
      ? [`users.exists(u, ${isRoot} && u.name != "root")`, `users.filter(u, ${isRoot}).size() > 1`]
      : []),
    ...(users.noEmptyPasswords === true
      ? [
          'users.exists(u, u.password == "empty" && !has(u.hiddenBy))',
          'passwords.exists(w, w.state == "empty" && !has(w.hiddenBy))',
        ]
      : []),
  ];
}

function findingViolation(findings: NonNullable<Requirement['findings']>): string {
  const { maxSeverity, classes, fixable } = findings;
  const worst = severity.options;
  const above = maxSeverity === undefined ? worst.at(-1) : worst[worst.indexOf(maxSeverity) - 1];
  const severe = `x.severity.atLeast(${quote(above ?? 'critical')})`;
  if (fixable === true) return `vulnerabilities.exists(x, ${severe} && x.fixed != "")`;
  const ofClass = classes === undefined ? [] : [`x.class in [${classes.map(quote).join(', ')}]`];
  return `findings.exists(x, ${all([...ofClass, severe])})`;
}
